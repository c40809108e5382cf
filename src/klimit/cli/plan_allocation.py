"""A number of draws spread over prompts, on the command line."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import Parameter

import klimit
from klimit.cli.console import say
from klimit.cli.options import Count
from klimit.core.digits import measured
from klimit.core.errors import InputError

if TYPE_CHECKING:
    from klimit import Allocation, Draws

__all__ = ["AllocationOptions", "allocated", "comparison"]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationOptions:
    """How to spread a number of draws over the prompts.

    Attributes:
        total_draws: Also spread so many draws over the prompts of the table, each where it adds
            most to best-of-n, and compare with as many for each.
        allocation: Write how many draws each prompt gets to this file: .parquet, .csv or .md.
    """

    total_draws: Count | None = None
    allocation: Path | None = None

    def __post_init__(self) -> None:
        """Refuse a file for what is not asked for, or that cannot be written."""
        if self.allocation is None:
            return
        if self.total_draws is None:
            raise InputError("--allocation needs --total-draws, the number of draws to spread")
        from klimit.data.write import check_table_path

        check_table_path(self.allocation)


def allocated(
    draws: "Draws", spread: AllocationOptions, *, level: float
) -> "Allocation | None":
    """Spread the draws that were asked for, and write who gets how many.

    Args:
        draws: Draws of the reference policy.
        spread: How many to spread, and the file.
        level: Nominal coverage of the intervals.

    Returns:
        The allocation; ``None`` where none was asked for.
    """
    if spread.total_draws is None:
        return None
    found = klimit.allocate_draws(draws, total=spread.total_draws, level=level)
    if spread.allocation is not None:
        from klimit.data.write import write_table

        numbers = zip(found.prompts, found.n.tolist(), strict=True)
        rows = [{"prompt": prompt, "n": n} for prompt, n in numbers]
        say("note", f"wrote {write_table(rows, spread.allocation)}")
    return found


def comparison(found: "Allocation") -> str:
    """What an allocation is worth, beside as many draws for each prompt.

    Args:
        found: The allocation.

    Returns:
        A sentence.
    """
    return (
        f"{found.total} draws over these {len(found.prompts)} prompts, {found.n.min()} to "
        f"{found.n.max()} each where they add most: {measured(found.reward)}; as many for "
        f"each: {measured(found.uniform)}; difference {measured(found.gain)}."
    )
