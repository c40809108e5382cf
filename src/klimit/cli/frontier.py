"""``klimit frontier``."""

from functools import cache
from math import isfinite
from typing import TYPE_CHECKING, Literal

import klimit
from klimit.cli.context import about
from klimit.cli.options import (
    Budgets,
    DrawsPath,
    OutputOptions,
    StatisticsOptions,
    TableOptions,
)
from klimit.cli.output import Presentation, prepare, publish
from klimit.cli.requirements import FrontierRequirements
from klimit.core.digits import interval, measured

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

    from klimit import Draws, FrontierEstimate, FrontierPoint

__all__ = ["frontier"]

_STEPS = 40


def frontier(
    draws: DrawsPath,
    /,
    *,
    kl: Budgets = (0.1, 0.25, 0.5, 1.0, 2.0),
    pooling: Literal["pooled", "per-prompt"] = "pooled",
    require: FrontierRequirements = (),
    table: TableOptions = TableOptions(),  # noqa: B008  (frozen)
    statistics: StatisticsOptions = StatisticsOptions(),  # noqa: B008
    output: OutputOptions = OutputOptions(),  # noqa: B008
) -> int:
    """Estimate the largest reward within each KL budget.

    The draws are responses of one model, the reference, with a reward each. No policy can have
    a higher mean reward than this within the same KL divergence from the reference. Budgets
    that the draws cannot answer for are marked, with the reason.

    Args:
        draws: Table with one row a draw: Parquet, Arrow, JSON lines or CSV; - for standard
            input.
        kl: Budgets in nats, as 0.5,1,2 or repeated.
        pooling: One budget for the average over prompts (pooled) or for each (per-prompt).
        require: Exit with 1 unless the reward is proved: "reward>=0.4@kl=1" compares the lower
            end of the interval (the upper end for <=); a budget that the data do not support
            never passes. May be repeated.
        table: How to read the table.
        statistics: For whom the intervals hold.
        output: Where results go.

    Returns:
        The exit code.
    """
    prepare(output, source=draws)
    data = table.read(draws)
    asked = dict.fromkeys([*kl, *(condition.at for condition in require)])
    with about(draws):
        result = klimit.estimate_frontier(
            data,
            kl=tuple(asked),
            pooling=pooling,
            prompts=statistics.prompts,
            level=statistics.level,
        )
    points = {point.kl: point for point in result.points}
    verdicts = [
        condition.judge(points[condition.at].reward, objection=_objection(points[condition.at]))
        for condition in require
    ]
    return publish(
        Presentation(
            source=draws,
            title=f"Largest {table.reward} within each KL budget: {draws}",
            header=_header(result, table.reward),
            lines=[_line(point) for point in result.points],
            objections=_objections(result),
            notes=[_note(result)],
            footer=_footer(result),
            rows=[_row(point) for point in result.points],
            values={"command": "frontier", "reward_column": table.reward, **result.to_dict()},
            verdicts=verdicts,
            figure=_figure(data, result),
        ),
        output,
    )


def _header(result: "FrontierEstimate", reward: str) -> tuple[str, ...]:
    return ("KL", "beta", reward, f"{100 * result.level:g}% interval", "ESS", "")


def _footer(result: "FrontierEstimate") -> str:
    return (
        f"klimit {klimit.__version__} · {result.draw_count} draws of {result.prompt_count} "
        f"prompts · {result.pooling} budgets · {result.prompts} prompts · "
        f"{100 * result.level:g}% intervals: {result.points[0].reward.method}"
    )


def _objections(result: "FrontierEstimate") -> list[str]:
    return [
        f"KL {point.kl:g}: {_objection(point)}"
        for point in result.points
        if not point.supported
    ]


def _objection(point: "FrontierPoint") -> str:
    return "" if point.supported else f"the data do not support it, {point.reason}"


def _line(point: "FrontierPoint") -> tuple[str, ...]:
    return (
        f"{point.kl:g}",
        f"{point.beta:.4g}",
        measured(point.reward),
        interval(point.reward),
        f"{point.ess:.1f}",
        "" if point.supported else "NOT SUPPORTED",
    )


def _row(point: "FrontierPoint") -> dict[str, str | float | bool]:
    return {
        "kl": point.kl,
        "beta": point.beta,
        "reward": point.reward.value,
        "standard_error": point.reward.standard_error,
        "low": point.reward.low,
        "high": point.reward.high,
        "ess": point.ess,
        "pareto_k": point.pareto_k,
        "supported": point.supported,
        "reason": point.reason,
    }


def _note(result: "FrontierEstimate") -> str:
    limit = f"budgets up to {result.supported_kl:.3g} nats"
    return (
        f"The reference itself: {result.mean_reward}. These draws support "
        f"{limit if isfinite(result.supported_kl) else 'every budget'}; their best rewards are "
        f"reached at {result.ceiling_kl:.3g} nats."
    )


def _figure(draws: "Draws", result: "FrontierEstimate") -> "Callable[[float], Figure]":
    """The curve from no budget to the largest asked for, closest where it is steepest."""
    asked = [point.kl for point in result.points if isfinite(point.kl)]
    top = max(asked, default=0.0) or 1.0
    steps = [top * (step / _STEPS) ** 2 for step in range(_STEPS + 1)]

    @cache
    def curve() -> "FrontierEstimate":
        return klimit.estimate_frontier(
            draws,
            kl=sorted({*asked, *steps}),
            pooling=result.pooling,
            prompts=result.prompts,
            level=result.level,
        )

    def draw(width: float) -> "Figure":
        from klimit.plot import frontier_figure

        return frontier_figure(curve(), width=width)

    return draw
