"""Options that commands share."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter, Token
from cyclopts.validators import Number

import klimit
from klimit.cli.console import hushed
from klimit.data.formats import Format, format_named

if TYPE_CHECKING:
    from klimit import Draws

__all__ = ["OutputOptions", "StatisticsOptions", "TableOptions"]

_LARGEST = 10**12


def _budgets(_: object, tokens: Sequence[Token]) -> tuple[float, ...]:
    """Numbers from a comma list, an option given repeatedly, or both."""
    with suppress(ValueError):
        found = tuple(float(item) for item in _items(tokens))
        if all(number >= 0 for number in found):
            return found
    raise ValueError(f"needed numbers, at least 0, as 0.5,1,2, got {_said(tokens)}")


def _whole_numbers(_: object, tokens: Sequence[Token]) -> tuple[int, ...]:
    with suppress(ValueError):
        found = tuple(int(item) for item in _items(tokens))
        if all(1 <= number <= _LARGEST for number in found):
            return found
    raise ValueError(f"needed whole numbers, at least 1, as 2,4,8, got {_said(tokens)}")


def _names(_: object, tokens: Sequence[Token]) -> tuple[str, ...]:
    return tuple(item for item in _items(tokens) if item)


def _items(tokens: Sequence[Token]) -> list[str]:
    return [item.strip() for token in tokens for item in token.value.split(",")]


def _said(tokens: Sequence[Token]) -> str:
    return " ".join(repr(token.value) for token in tokens)


def _not_an_option(_: object, value: str | None) -> None:
    if value is not None and value.startswith("-") and value != "-":
        raise ValueError(f"there is no option {value}")


def _listed(values: tuple[float, ...]) -> str:
    return ",".join(f"{value:g}" for value in values)


def _format(_: object, tokens: Sequence[Token]) -> Format:
    try:
        return format_named(tokens[0].value)
    except klimit.InputError as error:
        raise ValueError(str(error)) from error


FormatName = Annotated[Format | None, Parameter(converter=_format)]
"""A format, by any of its names."""

DrawsPath = Annotated[str, Parameter(allow_leading_hyphen=True, validator=_not_an_option)]
"""A table of draws, ``-`` for standard input."""

Budgets = Annotated[
    tuple[float, ...],
    Parameter(converter=_budgets, show_default=_listed),
]
"""KL budgets in nats."""

WholeNumbers = Annotated[
    tuple[int, ...], Parameter(converter=_whole_numbers, show_default=_listed)
]
"""Whole numbers, at least 1."""

Count = Annotated[int, Parameter(validator=Number(gte=1))]
Positive = Annotated[float, Parameter(validator=Number(gt=0))]
Nonnegative = Annotated[float, Parameter(validator=Number(gte=0))]
Share = Annotated[float, Parameter(validator=Number(gte=0, lte=1))]
Inside = Annotated[float, Parameter(validator=Number(gt=0, lt=1))]

Names = Annotated[tuple[str, ...], Parameter(converter=_names, show_default=False)]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """How to read a table of draws.

    Attributes:
        prompt: Column with the prompt, text or id.
        reward: Column with the reward.
        policy: Which policy's draws to take, where the table has a column policy.
        missing: What to do about draws without a reward, or another number that is used.
        format: Format of the table, or the tool whose log it is; told by its content if not
            given.
    """

    prompt: str = "prompt"
    reward: str = "reward"
    policy: str | None = None
    missing: Literal["fail", "drop"] = "fail"
    format: FormatName = None

    def read(
        self, path: str, *, columns: Sequence[str] = (), texts: str | None = None
    ) -> "Draws":
        """Read prompts, rewards and what else is asked for.

        Args:
            path: The table.
            columns: Further columns of numbers, which every draw needs.
            texts: Column with the responses.

        Returns:
            The draws.
        """
        with hushed():
            return klimit.read_draws(
                path,
                prompt=self.prompt,
                reward=self.reward,
                policy=self.policy,
                missing=self.missing,
                format=self.format,
                columns=columns,
                complete=columns,
                texts=texts,
            )


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsOptions:
    """For whom the intervals hold, and how often.

    Attributes:
        prompts: Intervals for the population the prompts come from (sampled) or for these
            prompts alone (fixed).
        level: Nominal coverage of the intervals.
    """

    prompts: Literal["sampled", "fixed"] = "sampled"
    level: Inside = 0.95


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class OutputOptions:
    """Where results go.

    Attributes:
        as_json: Print one JSON object in place of the table.
        out: Also write the table to this file: .parquet, .csv or .md.
        plot: Also draw a figure: .svg, .png or .pdf.
        page: Also put table and figure on one page: .html, or .md for Markdown.
    """

    as_json: Annotated[bool, Parameter(name="--json", show_default=False)] = False
    out: Path | None = None
    plot: Path | None = None
    page: Path | None = None
