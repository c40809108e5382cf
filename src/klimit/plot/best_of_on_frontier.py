"""Best-of-N beside the frontier: points at their KL and reward, with both intervals."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64
from matplotlib.axes import Axes

from klimit.estimate.best_of.points import BestOfEstimate, BestOfPoint
from klimit.plot.style import BEST_OF, INK, PAPER

__all__ = ["draw_best_of"]


def draw_best_of(axes: Axes, best_of: BestOfEstimate, *, narrow: bool) -> None:
    """Draw each N at its KL and reward, with both intervals.

    Args:
        axes: Axes of KL against reward.
        best_of: The points; those that leave room are labelled with their N.
        narrow: Whether the figure is for a narrow column.
    """
    points = sorted(best_of.points, key=lambda point: point.n)
    kl = np.array([point.kl.value for point in points])
    reward = np.array([point.reward.value for point in points])
    drawn = axes.errorbar(
        kl,
        reward,
        xerr=_arms(kl, [(point.kl.low, point.kl.high) for point in points]),
        yerr=_arms(reward, [(point.reward.low, point.reward.high) for point in points]),
        fmt="o",
        markersize=5,
        markerfacecolor=PAPER,
        markeredgewidth=1.3,
        color=BEST_OF,
        ecolor=BEST_OF,
        elinewidth=0.9,
        zorder=4,
        label="best-of-N",
    )
    drawn.lines[0].set_gid("best-of")
    for point in _spaced(points, (0.22 if narrow else 0.1) * float(kl.max(initial=0.0))):
        at_the_end = point.kl.value > 0.9 * kl.max()
        axes.annotate(
            f"N={point.n}",
            (point.kl.value, point.reward.value),
            xytext=(0, -16) if at_the_end else (6, -13),
            textcoords="offset points",
            ha="center" if at_the_end else "left",
            color=INK,
            fontsize=8,
            bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.6},
            zorder=0.9,
        )


def _spaced(points: Sequence[BestOfPoint], space: float) -> list[BestOfPoint]:
    """Points by rising N that leave room for the labels of each other, the last among them."""
    kept: list[BestOfPoint] = []
    for point in reversed(points):
        if not kept or kept[-1].kl.value - point.kl.value >= max(space, 1e-9):
            kept.append(point)
    return kept[::-1]


def _arms(
    centre: Float64[np.ndarray, " k"], ends: list[tuple[float, float]]
) -> Float64[np.ndarray, "2 k"]:
    """Lengths of the two arms of error bars, none where an end is unknown or infinite."""
    low, high = np.array(ends).T
    arms = np.array([centre - low, high - centre])
    return np.maximum(np.where(np.isfinite(arms), arms, 0.0), 0.0)
