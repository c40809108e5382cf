"""``klimit report``."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import klimit
from klimit.cli.console import stdout
from klimit.cli.context import about
from klimit.cli.options import (
    Budgets,
    DrawsPath,
    Names,
    Nonnegative,
    StatisticsOptions,
    TableOptions,
    WholeNumbers,
)
from klimit.cli.overopt import read_with_length
from klimit.cli.pages import check_page_path, write_page
from klimit.cli.report_sections import FurtherSections
from klimit.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klimit import Draws
    from klimit.estimate.prediction import Prediction
    from klimit.report import Document

__all__ = ["ReportRequest", "powers_of_two", "report", "report_on", "write_report"]


def report(
    draws: DrawsPath,
    /,
    *,
    out: Path | None = None,
    kl: Budgets = (0.1, 0.25, 0.5, 1.0, 2.0),
    n: WholeNumbers = (),
    pooling: Literal["pooled", "per-prompt"] = "pooled",
    response: str = "response",
    plan_kl: Nonnegative | None = None,
    gold: Names = (),
    checkpoint: str | None = None,
    checkpoint_policy: str | None = None,
    table: TableOptions = TableOptions(),  # noqa: B008  (frozen)
    statistics: StatisticsOptions = StatisticsOptions(),  # noqa: B008
) -> int:
    """Put frontier, best-of-N and the responses that the optimum favours on one page.

    The page is one file that needs nothing else and asks nobody: a slider over the KL budget
    shows what the optimum favours at each. On the terminal, the same numbers.

    Args:
        draws: Table with one row a draw: Parquet, Arrow, JSON lines or CSV; - for standard
            input.
        out: Where the report goes: .html, or .md for Markdown. Without it, the terminal alone.
        kl: Budgets in nats, as 0.5,1,2 or repeated.
        n: Numbers of draws of which the best is kept; powers of two if not given.
        pooling: One budget for the average over prompts (pooled) or for each (per-prompt).
        response: Column with the text of the response, if there is one.
        plan_kl: Budget in nats to plan for: which setting of which method reaches it, and at
            what price?
        gold: Columns with gold rewards: is the gain real?
        checkpoint: Table of a policy's draws at the same prompts, with log_prob_policy and
            log_prob_reference or kl_exact: how far is it from the optimum?
        checkpoint_policy: Which policy's draws to take of it, where it has a column policy.
        table: How to read the table.
        statistics: For whom the intervals hold.

    Returns:
        The exit code.
    """
    _check_place(out, source=draws)
    further = FurtherSections(
        draws, table, statistics, plan_kl, gold, checkpoint, checkpoint_policy
    )
    data = read_with_length(draws, gold, table, texts=response)
    request = ReportRequest(table.reward, kl, n, pooling, statistics.prompts, statistics.level)
    with about(draws):
        document = report_on(data, request, source=[f"draws: {draws}"])
    write_report(document.with_sections(*further.of(data)), out)
    return 0


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What a report on draws shall show.

    Attributes:
        reward_name: What the reward is called.
        kl: Budgets in nats.
        n: Numbers of draws of which the best is kept; empty for powers of two.
        pooling: ``"pooled"`` or ``"per-prompt"``.
        prompts: ``"sampled"`` or ``"fixed"``.
        level: Nominal coverage of the intervals.
    """

    reward_name: str
    kl: tuple[float, ...]
    n: tuple[int, ...] = ()
    pooling: str = "pooled"
    prompts: str = "sampled"
    level: float = 0.95


def report_on(
    draws: "Draws",
    request: ReportRequest,
    *,
    checks: "Sequence[Prediction]" = (),
    source: "Sequence[str]" = (),
) -> "Document":
    """Estimate all that the standard report shows, and put it together.

    Args:
        draws: The draws.
        request: What to show.
        checks: Predictions compared with fresh draws.
        source: Where the draws come from: lines for the end of the report.

    Returns:
        The report.
    """
    from klimit.estimate.frontier.curve import frontier_curve
    from klimit.estimate.frontier.favoured import favoured_responses
    from klimit.report.draws import draws_document
    from klimit.report.slider import PROMPTS_SHOWN

    frontier = klimit.estimate_frontier(
        draws,
        kl=request.kl,
        pooling=request.pooling,
        prompts=request.prompts,
        level=request.level,
    )
    curve = frontier_curve(draws, frontier)
    return draws_document(
        draws,
        reward_name=request.reward_name,
        frontier=frontier,
        curve=curve,
        favoured=favoured_responses(draws.head(PROMPTS_SHOWN), curve),
        best_of=klimit.estimate_best_of_n(
            draws,
            n=request.n or powers_of_two(draws),
            prompts=request.prompts,
            level=request.level,
        ),
        checks=checks,
        source=source,
    )


def write_report(document: "Document", out: Path | None) -> None:
    """Print a report, and write it where asked.

    Args:
        document: The report.
        out: A file that ends in .html, .htm or .md, or ``None``.
    """
    from klimit.report import print_document

    print_document(document, stdout())
    if out is not None:
        write_page(document, out)


def powers_of_two(draws: "Draws") -> tuple[int, ...]:
    """The numbers of draws that best-of-N is shown at unless others are asked for.

    Args:
        draws: Draws of the reference policy.

    Returns:
        1, 2, 4 and so on, as far as every prompt has twice the draws, at most 1024.
    """
    most = min(1024, max(2, int(draws.counts.min()) // 2), int(draws.counts.max()))
    return tuple(2**k for k in range(most.bit_length()))


def _check_place(out: Path | None, *, source: str) -> None:
    if out is None:
        return
    check_page_path(out)
    if source != "-" and Path(source).exists() and out.resolve() == Path(source).resolve():
        raise InputError(f"{str(out)!r} is the table of draws; write to another file")
