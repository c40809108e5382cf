"""CSV: whatever separator, every cell a text until proved a number."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np
import polars as pl
from jaxtyping import Int64

from klimit.core.errors import InputError
from klimit.core.lines import shown
from klimit.data.tables.content import Content
from klimit.data.tables.table import Columns, Kind, kinds_of, listed

__all__ = ["CommaTable", "comma_table"]

_MISSING = ["", "na", "n/a", "#n/a", "nan", "null", "none"]
_TRUTH = {"true": 1.0, "false": 0.0}
_DECIMAL_COMMA = r"^([+-]?\d+),(\d+)$"
_FAILURES = (pl.exceptions.PolarsError, pl.exceptions.PanicException)


@dataclass(slots=True, eq=False)
class CommaTable:
    r"""A CSV file.

    Attributes:
        content: The bytes.
        separator: What stands between cells.
        end_of_line: ``"\n"``, or ``"\r"`` as old spreadsheets write.
        kept: Index in the file of each row read, where blank rows were left out.
    """

    content: Content
    separator: str
    end_of_line: str
    kept: Int64[np.ndarray, " n"] | None = field(default=None)

    @property
    def name(self) -> str:
        """What messages call the table."""
        return self.content.name

    def kinds(self) -> Mapping[str, Kind]:
        """Name and kind of each column, judged by the first thousand rows."""
        try:
            schema = kinds_of(self._scan(judged_by=1000))
        except _FAILURES as error:  # pragma: no cover  (no file is known to do it)
            self._explain(error)
        names = [name.partition("_duplicated_")[0] for name in schema]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InputError(
                f"{self.name}: row 1: needed columns of different names, got {shown(twice)} "
                "twice; rename one"
            )
        return schema

    def row(self, index: int) -> int:
        """Rows count from 1, the header included, as in a spreadsheet."""
        return 2 + (index if self.kept is None else int(self.kept[index]))

    def read(self, columns: Columns) -> pl.DataFrame:
        """Read the columns, fast if all is well, cell by cell if not.

        Args:
            columns: Those wanted.

        Returns:
            A frame with them, rewards and numbers as numbers.

        Raises:
            InputError: A row or a cell is not as it should be.
        """
        ids = [columns.prompt] if self.kinds()[columns.prompt] == "integer" else []
        try:
            # All columns: polars overlooks rows that are too long where it reads only some.
            whole = self._scan(
                floats=[columns.reward, *columns.numbers], integers=ids
            ).collect()
        except _FAILURES:
            whole = self._texts()
            frame = self._cell_by_cell(self._without_blank_rows(whole, columns), columns)
            return frame.with_columns(_as_integers(frame[name]) for name in ids)
        return self._without_blank_rows(whole, columns)

    def _scan(
        self,
        *,
        judged_by: int = 0,
        floats: Sequence[str] = (),
        integers: Sequence[str] = (),
    ) -> pl.LazyFrame:
        """The table, everything text but what rows to judge by or the caller says."""
        return pl.scan_csv(
            self.content.source(),
            separator=self.separator,
            eol_char=self.end_of_line,
            infer_schema_length=judged_by,
            schema_overrides=dict.fromkeys(floats, pl.Float64)
            | dict.fromkeys(integers, pl.Int64),
            glob=False,
        )

    def _texts(self) -> pl.DataFrame:
        try:
            return self._scan().collect()
        except _FAILURES as error:
            self._explain(error)

    def _without_blank_rows(self, whole: pl.DataFrame, columns: Columns) -> pl.DataFrame:
        """The columns, less the rows without any cell that editors and spreadsheets append."""
        frame = whole.select(columns.names)
        if not frame[columns.prompt].null_count():
            return frame
        blank = whole.select(pl.all_horizontal(pl.all().is_null())).to_series()
        self.kept = np.flatnonzero(~blank.to_numpy())
        return frame.filter(~blank)

    def _cell_by_cell(self, frame: pl.DataFrame, columns: Columns) -> pl.DataFrame:
        for name in dict.fromkeys([columns.reward, *columns.numbers]):
            numbers, bad = _numbers(frame[name], decimal_comma=self.separator in ";\t")
            if bad is None:
                frame = frame.with_columns(numbers.alias(name))
            elif name in columns.optional:
                frame = frame.drop(name)
            else:
                raise InputError(
                    f"{self.name}: row {self.row(bad)}, column {shown(name)}: needed a number, "
                    f"got the text {shown(frame[name][bad])}; {_advice(str(frame[name][bad]))}"
                )
        return frame

    def _explain(self, error: BaseException) -> NoReturn:
        """Raise an `InputError` that says which row is wrong, found with the slow reader."""
        text = io.StringIO("".join(line for _, line in self.content.lines()), newline="")
        rows = csv.reader(text, delimiter=self.separator, strict=True)
        try:
            header = next(rows)
            for number, row in enumerate(rows, start=2):
                if len(row) > len(header):
                    raise InputError(
                        f"{self.name}: row {number}: needed {len(header)} cells "
                        f"({listed(header)}), got {len(row)}; quote cells that hold the "
                        f"separator {self.separator!r}"
                    )
        except csv.Error as cause:
            raise InputError(
                f"{self.name}: row {rows.line_num}: needed CSV, got broken quotes or an "
                f"endless cell ({cause}); write the file again with a CSV library"
            ) from error
        odd = (number for number, line in self.content.lines() if line.count('"') % 2)
        reason = str(error).partition("\n")[0]
        raise InputError(
            f"{self.name}: row {next(odd, 'unknown')}: needed CSV, got a quotation mark out of "
            f"place ({reason}); write the file again with a CSV library"
        ) from error


def comma_table(content: Content) -> CommaTable:
    """A CSV file, its separator and line ends told by its beginning.

    Args:
        content: The bytes.

    Returns:
        The table, not yet read.
    """
    end = "\r" if b"\r" in content.head and b"\n" not in content.head else "\n"
    header = content.head.partition(end.encode())[0].decode(errors="replace")
    return CommaTable(content, max(",\t;|", key=header.count), end)


def _numbers(cells: pl.Series, *, decimal_comma: bool) -> tuple[pl.Series, int | None]:
    """The numbers in cells of text, and where the first is that holds something else.

    All numbers, all true or false, or all with a decimal comma as many spreadsheets write it.
    """
    cells = cells.str.strip_chars()
    given = ~cells.str.to_lowercase().is_in(_MISSING) & cells.is_not_null()
    for read in (_plain, _truth, *([_decimal_comma] if decimal_comma else [])):
        numbers = read(cells)
        bad = (given & numbers.is_null()).arg_true()
        if not bad.len():
            return numbers, None
    return numbers, int((given & _plain(cells).is_null()).arg_true()[0])


def _as_integers(cells: pl.Series) -> pl.Series:
    """Ids as integers, as the fast reader has them, if all of them are."""
    whole = cells.cast(pl.Int64, strict=False)
    return cells if (cells.is_not_null() & whole.is_null()).any() else whole


def _plain(cells: pl.Series) -> pl.Series:
    return cells.cast(pl.Float64, strict=False)


def _truth(cells: pl.Series) -> pl.Series:
    return cells.str.to_lowercase().replace_strict(
        _TRUTH, default=None, return_dtype=pl.Float64
    )


def _decimal_comma(cells: pl.Series) -> pl.Series:
    return cells.str.replace(_DECIMAL_COMMA, "$1.$2").cast(pl.Float64, strict=False)


def _advice(cell: str) -> str:
    if re.fullmatch(r"[\d., '+-]+", cell):
        return "write it with a decimal point and no thousands separators"
    return "name the right column, or mend the cell"
