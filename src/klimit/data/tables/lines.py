"""JSON lines: polars where it can, Python where a line needs a word of explanation."""

import itertools
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Int64

from klimit.core.errors import InputError
from klimit.core.lines import shown, well_formed
from klimit.data.tables.content import Content
from klimit.data.tables.table import Columns, Kind

__all__ = ["LinesTable"]

_FAILURES = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
_PEEK = 1000
_KINDS: dict[type, Kind] = {bool: "boolean", int: "integer", float: "float", str: "text"}


@dataclass(slots=True, eq=False)
class LinesTable:
    """A file with one JSON object a line, or one JSON array of objects.

    Attributes:
        content: The bytes.
        array: Whether it is one array, whose items count as rows.
        rows: Line of each row read, once that is known.
    """

    content: Content
    array: bool = False
    rows: Int64[np.ndarray, " n"] | None = field(default=None)

    @property
    def name(self) -> str:
        """What messages call the table."""
        return self.content.name

    def kinds(self) -> Mapping[str, Kind]:
        """Name and kind of each column, judged by the first thousand rows."""
        columns: dict[str, Kind] = {}
        for _, record in itertools.islice(self.records(), _PEEK):
            for key, value in record.items():
                if value is not None or key not in columns:
                    columns[key] = _KINDS.get(type(value), "other")
        return columns

    def row(self, index: int) -> int:
        """Rows are lines, blank ones counted, from 1."""
        if self.rows is None:
            self.rows = np.array([row for row, line in self.content.lines() if line.strip()])
        return int(self.rows[index])

    def read(self, columns: Columns) -> pl.DataFrame:
        """Read the columns, fast if all is well, line by line if not.

        Args:
            columns: Those wanted.

        Returns:
            A frame with them.

        Raises:
            InputError: A line is not an object, or a value not what it should be.
        """
        if not self.array:
            kinds = self.kinds()
            types = {
                name: pl.Boolean if kinds[name] == "boolean" else pl.Float64
                for name in [columns.reward, *columns.numbers]
            }
            try:
                scan = pl.scan_ndjson(
                    self.content.source(), infer_schema_length=_PEEK, schema_overrides=types
                )
                return scan.select(columns.names).collect()
            except _FAILURES:
                pass
        return self._line_by_line(columns)

    def _line_by_line(self, columns: Columns) -> pl.DataFrame:
        rows: list[int] = []
        numeric: dict[str, list[float | None]] = {
            name: [] for name in [columns.reward, *columns.numbers]
        }
        keys: dict[str, list[str | int | None]] = {
            name: [] for name in columns.names if name not in numeric
        }
        for row, record in self.records():
            rows.append(row)
            for name, cells in list(numeric.items()):
                try:
                    cells.append(_number(record.get(name)))
                except TypeError as error:
                    if name not in columns.optional:
                        raise InputError(self._refusal(row, name, record[name])) from error
                    del numeric[name]
            for name, texts in keys.items():
                texts.append(_key(record.get(name)))
        self.rows = np.array(rows, dtype=np.int64)
        return pl.DataFrame(
            [
                *(pl.Series(name, cells, dtype=pl.Float64) for name, cells in numeric.items()),
                *(_texts(name, cells) for name, cells in keys.items()),
            ]
        )

    def records(self) -> Iterator[tuple[int, dict[str, object]]]:
        """Each row's number and object.

        Yields:
            Number, from 1, and object.

        Raises:
            InputError: A line is not a JSON object.
        """
        for number, value in self._array() if self.array else self._lines():
            if not isinstance(value, dict):
                raise InputError(
                    f"{self.name}: row {number}: needed a JSON object, one draw, "
                    f"got {shown(value)}"
                )
            yield number, value

    def _lines(self) -> Iterator[tuple[int, object]]:
        for number, line in self.content.lines():
            if line.strip():
                try:
                    yield number, _parsed(line)
                except (ValueError, RecursionError) as error:
                    reason = getattr(error, "msg", str(error))
                    raise InputError(
                        f"{self.name}: row {number}: needed one JSON object on the line, got "
                        f"{shown(line.strip())} ({reason}); mend or remove the line"
                    ) from error

    def _array(self) -> Iterator[tuple[int, object]]:
        text = "".join(line for _, line in self.content.lines())
        try:
            items = _parsed(text)
        except (ValueError, RecursionError) as error:
            raise InputError(
                f"{self.name}: needed JSON lines or one JSON array, got broken JSON ({error}); "
                "write one object a line"
            ) from error
        return iter(enumerate(items, start=1))

    def _refusal(self, row: int, name: str, value: object) -> str:
        place = f"{self.name}: row {row}, column {shown(name)}: needed a number, got"
        match value:
            case list():
                return f"{place} a list of {len(value)}; write one row a draw"
            case dict():
                return (
                    f"{place} the object {shown(value)}; write one row a draw "
                    "(pandas: to_json(path, orient='records', lines=True))"
                )
            case _:
                return f"{place} the text {shown(value)}; write the number without quotes"


def _parsed(text: str) -> Any:
    """What JSON says, halves of characters replaced: no table can hold them."""
    value = json.loads(text)
    if r"\ud" in text.lower():  # may be half a character, or one in two halves
        value = json.loads(well_formed(json.dumps(value, ensure_ascii=False)))
    return value


def _number(value: object) -> float | None:
    """The number a JSON value is; what is too large for a float is infinite."""
    match value:
        case None | float():
            return value
        case bool() | int():
            try:
                return float(value)
            except OverflowError:
                return math.inf
        case _:
            raise TypeError


def _key(value: object) -> str | int | None:
    """A prompt, policy or response as text or number; chat messages as their JSON."""
    return value if isinstance(value, str | int | None) else json.dumps(value)


def _texts(name: str, values: list[str | int | None]) -> pl.Series:
    if all(isinstance(value, int | None) for value in values):
        return pl.Series(name, values, dtype=pl.Int64)
    return pl.Series(name, [value if value is None else str(value) for value in values])
