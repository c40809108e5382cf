"""A plan: what each method gives for its draws."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from klimit.estimate.plan.curves import PlanCurve
from klimit.estimate.plan.planner import Plan, PlanOption
from klimit.plot.style import (
    BEST_OF,
    FRONTIER,
    INK,
    MUTED,
    PAPER,
    THIRD,
    WIDE,
    blank_figure,
    plain_axes,
)

__all__ = ["METHOD_NAMES", "plan_figure"]

METHOD_NAMES = {
    "best-of-n": "best of n",
    "soft-best-of-n": "soft best of n",
    "zero-truncated-poisson": "n ~ Poisson, not 0",
    "one-plus-poisson": "n ~ 1 + Poisson",
    "geometric": "n ~ geometric",
    "rejection": "rejection",
    "train-to-beta": "train to beta",
}


@dataclass(frozen=True, slots=True)
class _Look:
    """How a method is drawn; marks differ too, so that no colour is needed."""

    colour: str
    line: str
    mark: str


_LOOKS = {
    "best-of-n": _Look(BEST_OF, "-", "o"),
    "soft-best-of-n": _Look(BEST_OF, ":", "D"),
    "zero-truncated-poisson": _Look(MUTED, "--", "v"),
    "one-plus-poisson": _Look(MUTED, "-.", "^"),
    "geometric": _Look(INK, ":", "P"),
    "rejection": _Look(THIRD, "-", "s"),
    "train-to-beta": _Look(FRONTIER, "-", "*"),
}


def plan_figure(
    plan: Plan, curves: Sequence[PlanCurve] = (), *, reward: str = "reward", width: float = 7.0
) -> Figure:
    """Draw reward against draws for each method of a plan.

    A hollow mark is the nearest that a method comes to a target out of its reach, or a
    prediction that the draws do not bear.

    Args:
        plan: The plan, each of whose options is a mark with its interval.
        curves: What more or fewer draws would give; see ``plan_curves``.
        reward: What the reward is called.
        width: Width of the figure in inches; below 5 it is laid out for a narrow column.

    Returns:
        The figure, with one pair of axes.

    Example:
        >>> from klimit import Draws, plan
        >>> draws = Draws.from_matrix(np.random.default_rng(0).normal(size=(30, 64)))
        >>> plan_figure(plan(draws, kl=0.5)).axes[0].get_xlabel()
        'draws for one response'
    """
    narrow = width < WIDE
    figure = blank_figure(width, aspect=1.2 if narrow else 0.62)
    axes = figure.add_subplot()
    plain_axes(axes, x="draws for one response", y=f"mean {reward}")
    for curve in curves:
        look = _LOOKS[curve.method]
        (line,) = axes.plot(
            curve.draws, curve.reward, look.line, color=look.colour, linewidth=1.2
        )
        line.set_gid(f"curve-{curve.method}")
    for option in plan.options:
        _mark(axes, option)
    if plan.reward_needed is not None:
        axes.axhline(plan.reward_needed, color=MUTED, linewidth=0.8, linestyle=(0, (6, 3)))
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(LogLocator(base=2, numticks=12))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    title = "\n".join(_title(plan)) if narrow else "; ".join(_title(plan))
    axes.set_title(title, color=INK, fontsize=8.5, loc="left")
    place = figure if narrow else axes
    place.legend(
        frameon=False,
        fontsize=8.5,
        labelcolor=INK,
        loc="outside lower left" if narrow else "lower right",
        ncols=2 if narrow else 1,
    )
    return figure


def _mark(axes: Axes, option: PlanOption) -> None:
    look, estimate = _LOOKS[option.method], option.reward
    arms = np.array([[estimate.value - estimate.low], [estimate.high - estimate.value]])
    drawn = axes.errorbar(
        [option.draws.value],
        [estimate.value],
        yerr=np.where(np.isfinite(arms), np.maximum(arms, 0.0), 0.0),
        fmt=look.mark,
        linestyle=look.line if option.method not in {"soft-best-of-n", "train-to-beta"} else "",
        markersize=9 if look.mark == "*" else 6,
        color=look.colour,
        markerfacecolor=look.colour if option.reached and option.supported else PAPER,
        markeredgewidth=1.2,
        elinewidth=0.9,
        label=METHOD_NAMES[option.method],
    )
    drawn.lines[0].set_gid(f"option-{option.method}")


def _title(plan: Plan) -> list[str]:
    target = {
        "kl": f"within a KL of {plan.value:g} {'nat' if plan.value == 1 else 'nats'}",
        "reward": f"to a mean reward of {plan.value:g}",
        "share": f"to {100 * plan.value:g}% of the way to the best draws seen",
    }[plan.target]
    hollow = not all(option.reached and option.supported for option in plan.options)
    bars = f"bars: {100 * plan.level:g}% intervals"
    return [target, bars, *(["hollow: out of reach or not borne"] if hollow else [])]
