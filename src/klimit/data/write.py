"""Tables out: Parquet, CSV, Markdown, whole or not at all."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import IO

from klimit.core.errors import InputError
from klimit.core.extras import optional

__all__ = ["check_table_path", "write_table", "write_whole"]

Cell = str | int | float | bool | None
_SUFFIXES = (".parquet", ".csv", ".md")


def write_table(rows: Sequence[Mapping[str, Cell]], path: str | os.PathLike[str]) -> Path:
    """Write rows to a file whose name says the format.

    The file appears whole: an interrupted or failed run leaves what was there before.

    Args:
        rows: At least one row; all have the same columns in the same order.
        path: File ending in ``.parquet``, ``.csv`` or ``.md``.

    Returns:
        The path.

    Raises:
        InputError: Another ending, rows that differ, or a place that cannot be written.
        MissingExtraError: polars is not installed.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = write_table([{"kl": 0.5, "reward": 1.25}], f"{folder}/table.md")
        ...     print(path.read_text())
        | kl | reward |
        |---|---|
        | 0.5 | 1.25 |
        <BLANKLINE>
    """
    target = check_table_path(path)
    if not rows or any(list(row) != list(rows[0]) for row in rows):
        raise InputError(f"a table needs rows with the same columns, got {len(rows)} rows")
    if target.suffix.lower() == ".md":
        text = _markdown(rows).encode()
        return write_whole(target, lambda file: file.write(text))
    polars = optional("polars", feature="writing tables", extra="app")
    return write_whole(target, _writer(polars, rows, target.suffix.lower()))


def check_table_path(path: str | os.PathLike[str]) -> Path:
    """Refuse early a path that `write_table` could not write.

    Args:
        path: The path.

    Returns:
        The path.

    Raises:
        InputError: Its ending names no format, or its folder does not exist.
    """
    target = Path(path)
    if target.suffix.lower() not in _SUFFIXES:
        raise InputError(
            f"a table needs a name that ends in {', '.join(_SUFFIXES)}, got {str(target)!r}"
        )
    if not target.parent.is_dir():
        raise InputError(f"{str(target)!r}: there is no folder {str(target.parent)!r}")
    return target


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> Path:
    """Write a file under another name beside its place, then rename it.

    Args:
        path: Where the file shall be; what a link points to is replaced, not the link.
        write: Writes the content into an open binary file.

    Returns:
        The path.

    Raises:
        InputError: The place cannot be written.
    """
    place = path.resolve()
    partial = place.with_name(f".{place.name}.{os.getpid()}.partial")
    try:
        with partial.open("xb") as file:
            write(file)
        partial.replace(place)
    except OSError as error:
        raise InputError(
            f"{str(path)!r} cannot be written: {error.strerror or error}"
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return path


def _writer(
    polars: ModuleType, rows: Sequence[Mapping[str, Cell]], suffix: str
) -> Callable[[IO[bytes]], object]:
    frame = polars.DataFrame(
        {name: [row[name] for row in rows] for name in rows[0]}, strict=False
    )
    write: Callable[[IO[bytes]], object] = (
        frame.write_parquet if suffix == ".parquet" else frame.write_csv
    )
    return write


def _markdown(rows: Sequence[Mapping[str, Cell]]) -> str:
    lines = [list(rows[0]), ["---"] * len(rows[0])]
    lines += [[_cell(value) for value in row.values()] for row in rows]
    text = [f"| {' | '.join(cells)} |" for cells in lines]
    text[1] = text[1].replace(" ", "")
    return "\n".join(text) + "\n"


def _cell(value: Cell) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")
