"""Best-of-N: what each N buys and what it spends."""

import numpy as np
from jaxtyping import Float64
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from klimit.core.results import Estimate
from klimit.estimate.best_of.points import BestOfEstimate
from klimit.plot.style import BEST_OF, INK, MUTED, PAPER, WIDE, blank_figure, plain_axes

__all__ = ["best_of_figure"]

_MOST_TICKS = 8


def best_of_figure(best_of: BestOfEstimate, *, width: float = 7.0) -> Figure:
    """Draw the reward and the KL of best-of-N against N, on a logarithmic axis.

    The bound on the KL is what it would be without ties.

    Args:
        best_of: Best-of-N at one or more N.
        width: Width of the figure in inches; below 5 the two panels stand one above the other.

    Returns:
        The figure, with two axes: reward, then KL.

    Example:
        >>> from klimit import Draws, estimate_best_of_n
        >>> draws = Draws.from_matrix(np.random.default_rng(0).normal(size=(50, 64)))
        >>> figure = best_of_figure(estimate_best_of_n(draws, n=[1, 2, 4, 8]))
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['mean reward', 'KL(policy || reference), nats']
    """
    wide = width >= WIDE
    figure = blank_figure(width, aspect=0.46 if wide else 1.5)
    shape = (1, 2) if wide else (2, 1)
    reward, kl = figure.add_subplot(*shape, 1), figure.add_subplot(*shape, 2)
    points = sorted(best_of.points, key=lambda point: point.n)
    sizes = np.array([point.n for point in points], dtype=np.float64)
    for axes, name in ((reward, "mean reward"), (kl, "KL(policy || reference), nats")):
        plain_axes(axes, x="N, draws of which the best is kept", y=name)
        _log_axis(axes, sizes)
    _draw(reward, sizes, [point.reward for point in points], style="o-", gid="reward")
    (bound,) = kl.plot(
        sizes,
        [point.kl_bound for point in points],
        linestyle="--",
        color=MUTED,
        linewidth=1.2,
        label="log N − (N − 1)/N, without ties",
    )
    bound.set_gid("kl-bound")
    _draw(kl, sizes, [point.kl for point in points], style="o", gid="kl")
    reward.set_title(
        f"error bars: {100 * best_of.level:g}% intervals", color=INK, fontsize=8.5, loc="left"
    )
    kl.legend(frameon=False, fontsize=8.5, labelcolor=INK, loc="upper left")
    return figure


def _draw(
    axes: Axes,
    sizes: Float64[np.ndarray, " k"],
    estimates: list[Estimate],
    *,
    style: str,
    gid: str,
) -> None:
    value = np.array([estimate.value for estimate in estimates])
    ends = np.array([[value.low, value.high] for value in estimates]).T
    arms = np.array([value - ends[0], ends[1] - value])
    drawn = axes.errorbar(
        sizes,
        value,
        yerr=np.maximum(np.where(np.isfinite(arms), arms, 0.0), 0.0),
        fmt=style,
        markersize=5,
        markerfacecolor=PAPER,
        markeredgewidth=1.3,
        linewidth=1.2,
        color=BEST_OF,
        elinewidth=0.9,
        label="best-of-N",
    )
    drawn.lines[0].set_gid(gid)


def _log_axis(axes: Axes, sizes: Float64[np.ndarray, " k"]) -> None:
    """Ticks at the N that were asked for, thinned where they are many."""
    shown = np.unique(sizes)[:: -(-np.unique(sizes).size // _MOST_TICKS)]
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(shown.tolist()))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda size, _: f"{size:.0f}")
