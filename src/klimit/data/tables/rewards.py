"""Rewards: finite numbers, missing ones counted and named, never filled in."""

import warnings
from typing import Literal

import polars as pl

from klimit.core.errors import InputError, KlimitWarning
from klimit.data.tables.table import ROW, Columns, Table, shown

__all__ = ["numbers", "with_rewards"]


def with_rewards(
    table: Table, frame: pl.DataFrame, columns: Columns, *, missing: Literal["fail", "drop"]
) -> pl.DataFrame:
    """Make the rewards finite float64.

    Args:
        table: Where the rows come from.
        frame: The rows, with their index in ``ROW``.
        columns: The columns.
        missing: What to do about rows without a reward.

    Returns:
        The rows that have one.

    Raises:
        InputError: A reward is no number or infinite, or one is missing and ``missing`` is
            ``"fail"``.
    """
    rewards = numbers(table, frame, columns.reward)
    infinite = rewards.is_infinite().arg_true()
    if infinite.len():
        raise InputError(
            f"{_place(table, frame, columns.reward, infinite[0])}: needed a finite number, got "
            f"{rewards[infinite[0]]}; clip the reward or remove the draw"
        )
    frame = frame.with_columns(rewards.alias(columns.reward))
    absent = rewards.is_null() | rewards.is_nan()
    return _without(table, frame, columns, absent, missing) if absent.any() else frame


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
    if kind.is_nested():
        wrong = int(given.arg_true()[0])
        return wrong, f"{_nested(column, wrong)}; write one row a draw"
    texts = column.cast(pl.String)
    odd = (given & texts.cast(pl.Float64, strict=False).is_null()).arg_true()
    wrong = int(odd[0] if odd.len() else given.arg_true()[0])
    noun = "the text" if kind in (pl.String, pl.Categorical, pl.Enum) else "the value"
    return wrong, f"{noun} {shown(texts[wrong])}; convert the column to numbers"


def _nested(column: pl.Series, at: int) -> str:
    value = column[at]
    return (
        f"an object with {len(value)} fields"
        if isinstance(value, dict)
        else f"a list of {len(value)}"
    )


def _without(
    table: Table,
    frame: pl.DataFrame,
    columns: Columns,
    absent: pl.Series,
    missing: Literal["fail", "drop"],
) -> pl.DataFrame:
    lost, kept = frame.filter(absent), frame.filter(~absent)
    count = f"{lost.height} of {frame.height}"
    if not kept.height:
        raise InputError(
            f"{table.name}: column {shown(columns.reward)}: needed rewards, "
            f"got none, {count} are missing; score the draws first"
        )
    if missing == "fail":
        raise InputError(
            f"{_place(table, lost, columns.reward, 0)}: needed a number, got "
            f"{lost[columns.reward][0] or 'nothing'}; {count} rewards are missing "
            f"({_by_prompt(lost[columns.prompt])}); mend them, or leave those draws out with "
            "missing='drop' (--missing drop)"
        )
    gone = set(lost[columns.prompt].unique()) - set(kept[columns.prompt].unique())
    bare = (
        f"; no draw is left of {_named([shown(prompt) for prompt in sorted(gone, key=str)])}"
        if gone
        else ""
    )
    warnings.warn(
        f"{table.name}: left out {count} draws, which have no {columns.reward}: "
        f"{_by_prompt(lost[columns.prompt])}{bare}",
        KlimitWarning,
        stacklevel=5,
    )
    return kept


def _by_prompt(prompts: pl.Series) -> str:
    counts = prompts.value_counts(sort=True)
    return _named([f"{shown(prompt)} ({count})" for prompt, count in counts.rows()])


def _named(prompts: list[str]) -> str:
    rest = f" and {len(prompts) - 3} more" if len(prompts) > 3 else ""
    return f"prompt{'s' * (len(prompts) > 1)} {', '.join(prompts[:3])}{rest}"


def _place(table: Table, frame: pl.DataFrame, name: str, at: int) -> str:
    return f"{table.name}: row {table.row(frame[ROW][at])}, column {shown(name)}"
