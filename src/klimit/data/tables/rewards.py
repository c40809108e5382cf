"""Numbers that every draw needs: finite, missing ones counted and named, never filled in."""

import warnings
from dataclasses import dataclass
from typing import Literal

import polars as pl

from klimit.core.errors import InputError, KlimitWarning
from klimit.core.lines import shown
from klimit.data.tables.table import ROW, Columns, Table
from klimit.estimate.draws import LARGEST

__all__ = ["numbers", "with_rewards"]

_LONGEST = 2**53  # from here on floats leave out whole numbers


def with_rewards(
    table: Table, frame: pl.DataFrame, columns: Columns, *, missing: Literal["fail", "drop"]
) -> pl.DataFrame:
    """Make the rewards finite float64, and see that the other columns that count are complete.

    Args:
        table: Where the rows come from.
        frame: The rows, with their index in ``ROW``.
        columns: The columns.
        missing: What to do about rows without one of these numbers.

    Returns:
        The rows that have them.

    Raises:
        InputError: A reward is no number or infinite, or one is missing and ``missing`` is
            ``"fail"``. Of the other columns ``-inf`` is let through: a log-probability may be.
    """
    for name in (columns.reward, *columns.complete):
        _refuse_long(table, frame, name)
        given = numbers(table, frame, name)
        bad = given.is_infinite() & ((given > 0) | (name == columns.reward))
        infinite = bad.arg_true()
        if infinite.len():
            raise InputError(
                f"{_place(table, frame, name, infinite[0])}: needed a finite number, got "
                f"{given[infinite[0]]}; clip it or remove the draw"
            )
        large = ((given.abs() > LARGEST) & given.is_finite()).arg_true()
        if large.len():
            raise InputError(
                f"{_place(table, frame, name, large[0])}: needed a number of at most "
                f"{LARGEST:g} in size, got {given[large[0]]}; divide the column by a constant"
            )
        frame = frame.with_columns(given.alias(name))
        absent = given.is_null() | given.is_nan()
        if absent.any():
            lost, frame = frame.filter(absent), frame.filter(~absent)
            gap = _Gap(table, name, columns.prompt, lost, frame)
            gap.refuse(missing)
            gap.warn()
    return frame


def _refuse_long(table: Table, frame: pl.DataFrame, name: str) -> None:
    """Refuse whole numbers of which rounding would make ties."""
    column = frame[name]
    if not column.dtype.is_integer():
        return
    ends = [int(end) for end in (column.min(), column.max()) if isinstance(end, int)]
    if any(abs(end) > _LONGEST for end in ends):
        long = (column.cast(pl.Int128).abs() > _LONGEST).arg_true()
        raise InputError(
            f"{_place(table, frame, name, long[0])}: needed a number that a float holds to the "
            f"last digit, got {column[long[0]]}; subtract a constant, or write it as a float"
        )


def numbers(table: Table, frame: pl.DataFrame, name: str) -> pl.Series:
    """One column as float64, null where there is nothing.

    Args:
        table: Where the rows come from.
        frame: The rows, with their index in ``ROW``.
        name: The column.

    Returns:
        The numbers; true counts as 1 and false as 0.

    Raises:
        InputError: A value is no number.
    """
    column = frame[name]
    kind = column.dtype
    if kind.is_numeric() or kind in (pl.Boolean, pl.Null):
        return column.cast(pl.Float64)
    wrong, what = _first_wrong(column)
    raise InputError(f"{_place(table, frame, name, wrong)}: needed a number, got {what}")


def _first_wrong(column: pl.Series) -> tuple[int, str]:
    """Index and description of the first value that is no number."""
    kind = column.dtype
    if kind == pl.Object:
        values = column.to_list()
        wrong = next(
            (i for i, value in enumerate(values) if not isinstance(value, int | float | None)),
            0,
        )
        return wrong, f"{shown(values[wrong])}; convert the column to numbers"
    given = column.is_not_null()
    wrong = int(given.arg_true()[0])
    if kind.is_nested():
        return wrong, f"{_nested(column, wrong)}; write one row a draw"
    if kind not in (pl.String, pl.Categorical, pl.Enum):
        value = column[wrong]
        value = value if isinstance(value, bytes) else str(value)
        return wrong, f"the value {shown(value)}; convert the column to numbers"
    texts = column.cast(pl.String)
    odd = (given & texts.cast(pl.Float64, strict=False).is_null()).arg_true()
    wrong = int(odd[0]) if odd.len() else wrong
    return wrong, f"the text {shown(texts[wrong])}; convert the column to numbers"


def _nested(column: pl.Series, at: int) -> str:
    value = column[at]
    return (
        f"an object with {len(value)} fields"
        if isinstance(value, dict)
        else f"a list of {len(value)}"
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Gap:
    """Rows without a number that they need.

    Attributes:
        table: Where the rows come from.
        name: The column of the number.
        prompt: The column of the prompt.
        lost: The rows without one.
        kept: The others.
    """

    table: Table
    name: str
    prompt: str
    lost: pl.DataFrame
    kept: pl.DataFrame

    def refuse(self, missing: Literal["fail", "drop"]) -> None:
        """Refuse a table that must not have gaps, or that has nothing else."""
        if not self.kept.height:
            raise InputError(
                f"{self.table.name}: column {shown(self.name)}: needed numbers, got none, "
                f"{self._count} are missing; score the draws first"
            )
        if missing == "fail":
            raise InputError(
                f"{_place(self.table, self.lost, self.name, 0)}: needed a number, got "
                f"{self.lost[self.name][0] or 'nothing'}; {self._count} are missing "
                f"({_by_prompt(self.lost[self.prompt])}); mend them, or leave those draws out "
                "with missing='drop' (--missing drop)"
            )

    def warn(self) -> None:
        """Count and name what is left out."""
        gone = set(self.lost[self.prompt].unique()) - set(self.kept[self.prompt].unique())
        bare = (
            f"; no draw is left of {_named([shown(each) for each in sorted(gone, key=str)])}"
            if gone
            else ""
        )
        warnings.warn(
            f"{self.table.name}: left out {self._count} draws, which have no {self.name}: "
            f"{_by_prompt(self.lost[self.prompt])}{bare}",
            KlimitWarning,
            stacklevel=5,
        )

    @property
    def _count(self) -> str:
        return f"{self.lost.height} of {self.lost.height + self.kept.height}"


def _by_prompt(prompts: pl.Series) -> str:
    counts = prompts.value_counts(sort=True)
    return _named([f"{shown(prompt)} ({count})" for prompt, count in counts.rows()])


def _named(prompts: list[str]) -> str:
    rest = f" and {len(prompts) - 3} more" if len(prompts) > 3 else ""
    return f"prompt{'s' * (len(prompts) > 1)} {', '.join(prompts[:3])}{rest}"


def _place(table: Table, frame: pl.DataFrame, name: str, at: int) -> str:
    return f"{table.name}: row {table.row(frame[ROW][at])}, column {shown(name)}"
