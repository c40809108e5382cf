"""A plan as lines for people, rows for tables, values for machines, and a figure."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import klimit
from klimit.cli.format import Cell
from klimit.cli.output import Presentation
from klimit.cli.plan_allocation import comparison
from klimit.cli.plan_requirements import PlanRequirements
from klimit.core.digits import measured

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

    from klimit import Allocation, Draws, Estimate, Plan, PlanOption
    from klimit.estimate.plan.curves import PlanCurve

__all__ = ["PlanAsked", "present_plan"]

_NAMES = {
    "best-of-n": "best of n",
    "soft-best-of-n": "soft best",
    "zero-truncated-poisson": "poisson>0",
    "one-plus-poisson": "1+poisson",
    "train-to-beta": "train",
}


@dataclass(frozen=True, slots=True)
class PlanAsked:
    """What is planned for, by which column, and what it must meet.

    Attributes:
        source: The table of draws.
        reward: Column with the reward.
        require: Conditions to judge.
    """

    source: str
    reward: str
    require: PlanRequirements = ()


def present_plan(
    asked: PlanAsked, result: "Plan", draws: "Draws", allocation: "Allocation | None" = None
) -> Presentation:
    """A plan, for people and machines.

    Args:
        asked: What was planned for.
        result: The plan.
        draws: The draws that it rests on.
        allocation: Draws spread over prompts, if that was asked for.

    Returns:
        The presentation.
    """
    return Presentation(
        source=asked.source,
        title=f"{_goal(result, asked.reward)}: {asked.source}",
        header=_header(result, asked.reward),
        lines=[_line(option) for option in result.options],
        objections=[
            f"{_name(option)}: {option.reason}" for option in result.options if option.reason
        ],
        notes=[*_notes(result), *([] if allocation is None else [comparison(allocation)])],
        footer=_footer(result),
        rows=[_row(option) for option in result.options],
        values={
            "command": "plan",
            "reward_column": asked.reward,
            **result.to_dict(),
            "allocation": None if allocation is None else allocation.to_dict(),
        },
        verdicts=[condition.judge(result.options) for condition in asked.require],
        figure=_figure(draws, result, asked.reward),
    )


def _goal(result: "Plan", reward: str) -> str:
    if result.reward_needed is None:
        return f"Within a KL of {result.value:g}"
    share = (
        f", {100 * result.value:g}% of the possible gain" if result.target == "share" else ""
    )
    return f"To {reward} {result.reward_needed:.4g}{share}"


def _name(option: "PlanOption") -> str:
    return _NAMES.get(option.method, option.method)


def _header(result: "Plan", reward: str) -> tuple[str, ...]:
    costs = ["draws", *(name for name, _ in _costs(result.options[0]))]
    return ("method", "setting", reward, "KL", *costs, "+1 draw", "")


def _costs(option: "PlanOption") -> list[tuple[str, "Estimate"]]:
    """What tokens cost where that is known, else how many they are."""
    named = (("price", option.price), ("seconds", option.seconds), ("tokens", option.tokens))
    known = [(name, cost) for name, cost in named if cost is not None]
    return [(name, cost) for name, cost in known if name != "tokens" or len(known) == 1]


def _line(option: "PlanOption") -> tuple[str, ...]:
    setting = [f"{one.name}={one.value:.3g}" for one in option.setting if one.name != "kl_coef"]
    more = "" if option.marginal is None else f"{option.marginal.value:.2g}"
    return (
        _name(option),
        " ".join(setting).replace("threshold=", "r>="),
        measured(option.reward),
        f"{option.kl.value:.2f}",
        f"{option.draws.value:.3g}",
        *(_short(cost.value) for _, cost in _costs(option)),
        more,
        "" if option.reached and option.supported else "!",
    )


def _short(value: float) -> str:
    return f"{value:.2g}" if value < 1 else f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _notes(result: "Plan") -> list[str]:
    trained = next(option for option in result.options if option.method == "train-to-beta")
    values = {one.name: one.value for one in trained.setting}
    reference = (
        f"The reference itself: {result.reference}; the best draws seen: "
        f"{result.best_seen:.4g}. +1 draw: what one more a response adds."
    )
    trainers = (
        f"Trainers take beta {values['beta']:.4g} as its inverse {values['kl_coef']:.4g}, the "
        "KL coefficient, which TRL and DPO call beta."
    )
    return [reference, trainers]


def _footer(result: "Plan") -> str:
    return (
        f"klimit {klimit.__version__} · {result.draw_count} draws of {result.prompt_count} "
        f"prompts · {result.prompts} prompts · {100 * result.level:g}% intervals: "
        f"{result.reference.method}"
    )


def _row(option: "PlanOption") -> dict[str, Cell]:
    row: dict[str, Cell] = {
        "method": option.method,
        "setting": " ".join(map(str, option.setting)),
    }
    estimates = {
        "reward": option.reward,
        "kl": option.kl,
        "draws": option.draws,
        "tokens": option.tokens,
        "price": option.price,
        "seconds": option.seconds,
        "marginal": option.marginal,
    }
    for name, estimate in estimates.items():
        row[name] = None if estimate is None else estimate.value
        row[f"{name}_low"] = None if estimate is None else estimate.low
        row[f"{name}_high"] = None if estimate is None else estimate.high
    return {
        **row,
        "reached": option.reached,
        "supported": option.supported,
        "reason": option.reason,
    }


def _figure(draws: "Draws", result: "Plan", reward: str) -> "Callable[[float], Figure]":
    @cache
    def curves() -> "tuple[PlanCurve, ...]":
        return klimit.plan_curves(draws, result)

    def draw(width: float) -> "Figure":
        from klimit.plot import plan_figure

        return plan_figure(result, curves(), reward=reward, width=width)

    return draw
