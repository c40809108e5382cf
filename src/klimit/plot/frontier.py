"""The frontier with its band, best-of-N on it, and where the data end."""

from dataclasses import dataclass
from math import isfinite

import numpy as np
from jaxtyping import Bool, Float64
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from klimit.core.errors import InputError
from klimit.estimate.best_of.points import BestOfEstimate
from klimit.estimate.frontier.points import FrontierEstimate
from klimit.plot.best_of_on_frontier import draw_best_of
from klimit.plot.style import (
    FRONTIER,
    HATCH,
    INK,
    MUTED,
    PAPER,
    WIDE,
    blank_figure,
    has_offset,
    hatched,
    plain_axes,
)

__all__ = ["frontier_figure"]


def frontier_figure(
    frontier: FrontierEstimate,
    *,
    best_of: BestOfEstimate | None = None,
    budget: float | None = None,
    width: float = 7.0,
) -> Figure:
    """Draw the largest reward at each budget.

    Budgets that the data do not support are hatched, their line is dashed, and the reason
    stands in the figure. Points at infinite budgets are left out.

    Args:
        frontier: The frontier; many budgets make a smooth line.
        best_of: Best-of-N to show on it, each point with its N and both intervals.
        budget: The budget of a point of the frontier, to mark that point.
        width: Width of the figure in inches; below 5 it is laid out for a narrow column.

    Returns:
        The figure, with one axes.

    Raises:
        InputError: No point of the frontier has a finite budget.

    Example:
        >>> from klimit import Draws, estimate_frontier
        >>> draws = Draws.from_matrix(np.random.default_rng(0).normal(size=(50, 64)))
        >>> figure = frontier_figure(estimate_frontier(draws, kl=np.linspace(0.0, 3.0, 31)))
        >>> figure.axes[0].get_xlabel()
        'KL(policy || reference), nats'
    """
    curve = _curve(frontier)
    figure = blank_figure(width, aspect=0.58 if width >= WIDE else 0.95)
    axes = figure.add_subplot()
    plain_axes(axes, x="KL(policy || reference), nats", y="mean reward")
    _draw_curve(axes, curve, frontier.level)
    if best_of is not None:
        draw_best_of(axes, best_of, narrow=width < WIDE)
    _frame(axes, curve, best_of)
    if budget is not None:
        _mark(axes, curve, budget)
    _draw_end_of_data(axes, frontier, narrow=width < WIDE)
    names = ("frontier", f"{100 * frontier.level:g}% interval", "best-of-N", "beyond the data")
    shown = dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
    side = 1.0 if has_offset(axes) else 0.0
    axes.legend(
        handles=[shown[name] for name in names if name in shown],
        loc="lower right" if side else "lower left",
        bbox_to_anchor=(side, 1.0),
        ncols=4 if width >= WIDE else 2,
        frameon=False,
        fontsize=8.5,
        labelcolor=INK,
        borderaxespad=0.2,
        columnspacing=1.6,
    )
    return figure


@dataclass(frozen=True, slots=True, eq=False)
class _Curve:
    """The points of a frontier as arrays, by rising budget."""

    kl: Float64[np.ndarray, " k"]
    reward: Float64[np.ndarray, " k"]
    low: Float64[np.ndarray, " k"]
    high: Float64[np.ndarray, " k"]
    supported: Bool[np.ndarray, " k"]


def _curve(frontier: FrontierEstimate) -> _Curve:
    points = sorted(
        (point for point in frontier.points if isfinite(point.kl)), key=lambda point: point.kl
    )
    if not points:
        raise InputError("a figure of the frontier needs a finite budget, got none")
    ends = np.array([[point.reward.low, point.reward.high] for point in points])
    ends[~np.isfinite(ends)] = np.nan
    return _Curve(
        kl=np.array([point.kl for point in points]),
        reward=np.array([point.reward.value for point in points]),
        low=ends[:, 0],
        high=ends[:, 1],
        supported=np.array([point.supported for point in points]),
    )


def _draw_curve(axes: Axes, curve: _Curve, level: float) -> None:
    solid = curve.supported
    dashed = ~solid
    dashed[:-1] |= ~solid[1:]  # the dashed line begins where the solid one ends
    marker = "s" if curve.kl.size == 1 else None
    for shown, style, alpha, gid in (
        (solid, "-", 0.22, "supported"),
        (dashed, "--", 0.09, "unsupported"),
    ):
        band = axes.fill_between(
            curve.kl, curve.low, curve.high, where=shown, color=FRONTIER, alpha=alpha, lw=0
        )
        band.set_gid(f"band-{gid}")
        (line,) = axes.plot(
            curve.kl,
            np.where(shown, curve.reward, np.nan),
            linestyle=style,
            color=FRONTIER,
            linewidth=1.8,
            marker=marker,
        )
        line.set_gid(f"frontier-{gid}")
        if gid == "supported" and solid.any():
            line.set_label("frontier")
            band.set_label(f"{100 * level:g}% interval")


def _mark(axes: Axes, curve: _Curve, budget: float) -> None:
    at = int(np.argmin(np.abs(curve.kl - budget)))
    axes.axvline(curve.kl[at], color=INK, linewidth=0.8, zorder=4.5).set_gid("budget-line")
    (dot,) = axes.plot(curve.kl[at], curve.reward[at], "o", color=INK, markersize=7, zorder=5)
    dot.set(markeredgecolor=PAPER, markeredgewidth=1.4, gid="budget-dot")


def _frame(axes: Axes, curve: _Curve, best_of: BestOfEstimate | None) -> None:
    """The axis from budget 0 to the last point, with room for its label."""
    ends = [float(curve.kl[-1])]
    if best_of is not None:
        ends += [point.kl.value for point in best_of.points]
    right = 1.04 * max(ends) or 1.0
    axes.set_xlim(-0.012 * right, right)
    low, high = axes.get_ylim()
    axes.set_ylim(low - 0.06 * (high - low), high)


def _draw_end_of_data(axes: Axes, frontier: FrontierEstimate, *, narrow: bool) -> None:
    beyond = [
        point
        for point in frontier.points
        if isfinite(point.kl) and not point.supported and point.kl >= frontier.supported_kl
    ]
    if not beyond:
        return
    right = axes.get_xlim()[1]
    hatched(axes, frontier.supported_kl, right, gid="beyond-the-data", label="beyond the data")
    axes.axvline(
        frontier.supported_kl, color=MUTED, linestyle=(0, (2, 2)), linewidth=1.0, zorder=0.6
    ).set_gid("supported-kl")
    farthest = max(beyond, key=lambda point: point.kl)
    axes.text(
        0.985,
        0.03,
        f"beyond the data\nKL {farthest.kl:.3g}: {farthest.reason}",
        transform=axes.transAxes,
        ha="right",
        va="bottom",
        fontsize=7.5 if narrow else 8.5,
        color=INK,
        bbox={"facecolor": PAPER, "edgecolor": HATCH, "linewidth": 0.6, "pad": 3.0},
        zorder=6,
    )
