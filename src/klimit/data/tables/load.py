"""From what a user names to a table whose columns are known."""

import io
from typing import Protocol, runtime_checkable

import polars as pl

from klimit.core.errors import InputError
from klimit.core.lines import shown, well_formed
from klimit.data.formats import TableFormat
from klimit.data.tables.comma import comma_table
from klimit.data.tables.content import Content, read_content
from klimit.data.tables.lines import LinesTable
from klimit.data.tables.sniff import ARROW, PARQUET, refuse_encoding, sniff
from klimit.data.tables.table import FrameTable, Table, listed

__all__ = ["open_table", "table_of"]


@runtime_checkable
class _ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...


@runtime_checkable
class _ToPolars(Protocol):
    """A Hugging Face data set."""

    def to_polars(self) -> pl.DataFrame: ...


def open_table(source: object, *, format: TableFormat | None = None) -> Table:  # noqa: A002
    """Open a file, standard input or a table in memory.

    Args:
        source: A path, ``"-"``, or a table.
        format: The format of a file; ``None`` tells by its first bytes.

    Returns:
        The table, its columns known and not yet read.

    Raises:
        InputError: There is no such file, or it is no table.
    """
    if isinstance(source, str):
        content = read_content(source)
        if format is not None:
            _refuse_other(content, format)
        return table_of(content, format or sniff(content.head, name=content.name))
    return FrameTable("table", _in_memory(source))


def _refuse_other(content: Content, asked: TableFormat) -> None:
    """Refuse a file of which the first bytes say that it has not the format asked for."""
    parquet, arrow = (content.head.startswith(magic) for magic in (PARQUET, ARROW))
    if asked == "parquet" and not parquet:
        got = "Arrow" if arrow else "a file that does not begin as Parquet does"
    elif asked != "parquet" and parquet:
        got = "Parquet"
    elif asked not in {"parquet", "arrow"} and arrow:
        got = "Arrow"
    else:
        return
    raise InputError(
        f"{content.name}: needed {asked}, as asked for, got {got}; leave the format out, and "
        "it is told by the content"
    )


def table_of(content: Content, kind: TableFormat) -> Table:
    """The table in a file.

    Args:
        content: The file.
        kind: Its format.

    Returns:
        The table, its columns known and not yet read.

    Raises:
        InputError: It is no table of that format.
    """
    if kind in ("jsonl", "json", "csv"):
        refuse_encoding(content.head, name=content.name)
    match kind:
        case "parquet":
            scan = pl.scan_parquet(content.source(), glob=False, hive_partitioning=False)
            return FrameTable(content.name, scan)
        case "arrow":
            return FrameTable(content.name, _arrow(content))
        case "jsonl":
            return LinesTable(content)
        case "json":
            return LinesTable(content, array=True)
        case _:
            return comma_table(content)


def _arrow(content: Content) -> pl.LazyFrame:
    if content.head.startswith(b"ARROW1"):
        return pl.scan_ipc(content.source(), glob=False)
    source = content.source()
    try:
        data = source if isinstance(source, io.BytesIO) else source.read_bytes()
        return pl.read_ipc_stream(data).lazy()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise InputError(
            f"{content.name}: needed an Arrow file, got none or one cut off; write it again"
        ) from error


def _in_memory(source: object) -> pl.LazyFrame:
    if isinstance(source, pl.DataFrame | pl.LazyFrame):
        return source.lazy()
    if type(source).__module__.partition(".")[0] == "pandas":
        return _from_pandas(source)
    if isinstance(source, _ArrowStream):
        return pl.DataFrame(source).lazy()
    if isinstance(source, _ToPolars):
        return source.to_polars().lazy()
    raise InputError(
        f"needed a path, '-' or a pandas, polars or Arrow table, got {shown(source)}; "
        "for columns in memory use Draws.from_columns"
    )


def _from_pandas(source: object) -> pl.LazyFrame:
    """Column by column: one column that Arrow cannot hold must not spoil the others."""
    import pandas as pd  # noqa: PLC0415  (it is there, since the table is its own)

    frame = source.to_frame() if isinstance(source, pd.Series) else source
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"needed a pandas data frame, got {type(source).__name__}")
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        raise InputError(f"table: needed columns of different names, got {listed(names)}")
    columns = []
    for position, name in enumerate(names):
        values = frame.iloc[:, position]
        try:
            column = pl.from_pandas(values)
        except (ImportError, TypeError, ValueError):
            column = _as_objects(values.astype(object).where(values.notna(), None).tolist())
        columns.append(column.alias(name))
    return pl.DataFrame(columns).lazy()


def _as_objects(cells: list[object]) -> pl.Series:
    """Texts if all of them are, what cannot be encoded replaced; anything else as it is."""
    if all(isinstance(cell, str | None) for cell in cells):
        return pl.Series([None if cell is None else well_formed(str(cell)) for cell in cells])
    return pl.Series(cells, dtype=pl.Object)
