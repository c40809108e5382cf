"""``klimit best-of``."""

from typing import TYPE_CHECKING

import klimit
from klimit.cli.context import about
from klimit.cli.format import Cell, estimate_cells
from klimit.cli.options import (
    DrawsPath,
    OutputOptions,
    StatisticsOptions,
    TableOptions,
    WholeNumbers,
)
from klimit.cli.output import Presentation, prepare, publish
from klimit.cli.requirements import BestOfRequirements, Requirement, Verdict
from klimit.core.digits import interval, measured

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from klimit import BestOfEstimate, BestOfPoint

__all__ = ["best_of"]


def best_of(
    draws: DrawsPath,
    /,
    *,
    n: WholeNumbers = (1, 2, 4, 8, 16),
    require: BestOfRequirements = (),
    table: TableOptions = TableOptions(),  # noqa: B008  (frozen)
    statistics: StatisticsOptions = StatisticsOptions(),  # noqa: B008
    output: OutputOptions = OutputOptions(),  # noqa: B008
) -> int:
    """Estimate reward and KL of best-of-N: of N draws, keep the one of highest reward.

    The reward is free of bias, and the KL counts ties, which the formula log N - (N - 1) / N
    does not. N may be at most the number of draws of a prompt; prompts that have fewer are left
    out at that N, and said.

    Args:
        draws: Table with one row a draw: Parquet, Arrow, JSON lines or CSV; - for standard
            input.
        n: Numbers of draws of which the best is kept, as 2,4,8 or repeated.
        require: Exit with 1 unless proved: "reward>=0.4@n=8" compares the lower end of the
            interval, "kl<=1@n=4" the upper end; an N that some prompts have too few draws for,
            or whose error the draws do not tell, never passes. May be repeated.
        table: How to read the table.
        statistics: For whom the intervals hold.
        output: Where results go.

    Returns:
        The exit code.
    """
    prepare(output, source=draws)
    data = table.read(draws)
    asked = dict.fromkeys([*n, *(int(condition.at) for condition in require)])
    with about(draws):
        result = klimit.estimate_best_of_n(
            data, n=tuple(asked), prompts=statistics.prompts, level=statistics.level
        )
    points = {point.n: point for point in result.points}
    verdicts = [_judge(condition, points[int(condition.at)]) for condition in require]
    return publish(
        Presentation(
            source=draws,
            title=f"Best-of-N by {table.reward}: {draws}",
            header=_header(result, table.reward),
            lines=[_line(point, result.prompt_count) for point in result.points],
            objections=[
                f"N = {point.n}: {point.reason}" for point in result.points if point.reason
            ],
            notes=[],
            footer=_footer(result),
            rows=[_row(point) for point in result.points],
            values={"command": "best-of", "reward_column": table.reward, **result.to_dict()},
            verdicts=verdicts,
            figure=lambda width: _figure(result, width),
        ),
        output,
    )


def _judge(condition: Requirement, point: "BestOfPoint") -> Verdict:
    estimate = point.kl if condition.quantity == "kl" else point.reward
    return condition.judge(estimate, objection=point.reason)


def _header(result: "BestOfEstimate", reward: str) -> tuple[str, ...]:
    return ("N", reward, f"{100 * result.level:g}% interval", "KL", "without ties", "")


def _footer(result: "BestOfEstimate") -> str:
    return (
        f"klimit {klimit.__version__} · {result.draw_count} draws of {result.prompt_count} "
        f"prompts · {result.prompts} prompts · {100 * result.level:g}% intervals: "
        f"{result.points[0].reward.method}"
    )


def _line(point: "BestOfPoint", prompt_count: int) -> tuple[str, ...]:
    return (
        str(point.n),
        measured(point.reward),
        interval(point.reward),
        measured(point.kl),
        f"{point.kl_bound:.4f}",
        _mark(point, prompt_count),
    )


def _mark(point: "BestOfPoint", prompt_count: int) -> str:
    if not point.supported:
        return "UNSUPPORTED"
    return f"{point.prompt_count} PROMPTS" if point.prompt_count < prompt_count else ""


def _row(point: "BestOfPoint") -> dict[str, Cell]:
    return {
        "n": point.n,
        **estimate_cells("reward", point.reward),
        **estimate_cells("kl", point.kl),
        "kl_bound": point.kl_bound,
        "prompt_count": point.prompt_count,
        "supported": point.supported,
        "reason": point.reason,
    }


def _figure(result: "BestOfEstimate", width: float) -> "Figure":
    from klimit.plot import best_of_figure

    return best_of_figure(result, width=width)
