"""A small table of symbols: the probability of each and its reward."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from klimit.core.errors import InputError
from klimit.core.lines import one_line, shown
from klimit.exact.finite import FiniteModel

__all__ = ["read_symbols"]

_COLUMNS = ("probability", "reward")
_FORMS = (
    "a CSV file with columns probability and reward, or JSON such as "
    '[{"probability": 0.5, "reward": 0}, {"probability": 0.5, "reward": 1}]'
)
_MOST = 2**24  # bytes: beyond it this is no small table


def read_symbols(path: str | Path) -> FiniteModel:
    r"""Read a reference policy on few symbols.

    Args:
        path: CSV with the columns ``probability`` and ``reward``, others ignored; or JSON: a
            list of objects with these two fields, or one object with a list for each.

    Returns:
        The model.

    Raises:
        InputError: There is no such file, it is in no such form, or it is no distribution.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "coin.csv")
        ...     _ = path.write_text("probability,reward\n0.5,0\n0.5,1\n")
        ...     print(read_symbols(path))
        FiniteModel(2 outcomes, rewards 0 to 1)
    """
    name = str(path)
    text = _text(Path(path), name)
    rows = _from_json(text, name) if text.lstrip()[:1] in ("[", "{") else _from_csv(text, name)
    if not rows:
        raise InputError(f"{name}: needed at least one symbol, got none")
    numbers = [
        [_number(row, column, f"{name}: {place}") for column in _COLUMNS] for place, row in rows
    ]
    try:
        return FiniteModel.from_probs(*map(list, zip(*numbers, strict=True)))
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


def _text(path: Path, name: str) -> str:
    try:
        content = path.read_bytes()[: _MOST + 1]
    except OSError as error:
        raise InputError(f"{name}: {error.strerror or error}; needed {_FORMS}") from error
    if len(content) > _MOST:
        raise InputError(f"{name}: needed a small table of symbols, got more than 16 MB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: needed UTF-8 text, {_FORMS}") from error


Rows = Sequence[tuple[str, Mapping[str, object]]]


def _from_csv(text: str, name: str) -> Rows:
    reader = csv.DictReader(text.splitlines(), skipinitialspace=True)
    heads = [head.strip() for head in reader.fieldnames or []]
    _require_columns(heads, name)
    reader.fieldnames = heads
    return [(f"row {reader.line_num}", row) for row in reader]  # the header is row 1


def _from_json(text: str, name: str) -> Rows:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InputError(f"{name}: not JSON: {error}; needed {_FORMS}") from error
    if isinstance(value, dict):
        value = _transposed(value, name)
    for number, row in enumerate(value, 1):
        if not isinstance(row, dict):
            raise InputError(f"{name}: entry {number}: needed an object, got {_shown(row)}")
        _require_columns(list(row), f"{name}: entry {number}")
    return [(f"entry {number}", row) for number, row in enumerate(value, 1)]


def _transposed(value: Mapping[str, object], name: str) -> list[object]:
    _require_columns(list(value), name)
    lists = [value[column] for column in _COLUMNS]
    sizes = [len(column) for column in lists if isinstance(column, list)]
    if len(sizes) < 2 or sizes[0] != sizes[1]:
        raise InputError(
            f"{name}: needed a list of probabilities and one of rewards, as long, got "
            f"{' and '.join(_shown(column) for column in lists)}"
        )
    pairs = zip(*(column for column in lists if isinstance(column, list)), strict=True)
    return [dict(zip(_COLUMNS, pair, strict=True)) for pair in pairs]


def _require_columns(found: Sequence[str], name: str) -> None:
    missing = [column for column in _COLUMNS if column not in found]
    if missing:
        columns = ", ".join(map(repr, found)) or "none"
        raise InputError(
            f"{name}: needed {' and '.join(missing)}, found {one_line(columns)[:200]}; "
            f"give {_FORMS}"
        )


def _number(row: Mapping[str, object], column: str, place: str) -> float:
    value = row[column]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InputError(f"{place}, {column}: needed a number, got {_shown(value)}")
    try:
        return float(value)
    except (ValueError, OverflowError) as error:
        raise InputError(f"{place}, {column}: needed a number, got {_shown(value)}") from error


def _shown(value: object) -> str:
    return "nothing" if value is None or value == "" else shown(value, width=60)
