"""A gold reward beside its proxy as the proxy is optimised."""

import textwrap
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from klimit.core.results import Estimate
from klimit.estimate.gold.points import OverOptimisation, PeakRange
from klimit.plot.style import (
    BEST_OF,
    FRONTIER,
    INK,
    MUTED,
    PAPER,
    WIDE,
    blank_figure,
    plain_axes,
)

__all__ = ["overoptimisation_figure"]

_KL = "KL(policy || reference), nats"


def overoptimisation_figure(
    results: Sequence[OverOptimisation], *, width: float = 7.0
) -> Figure:
    """Draw proxy and gold against the KL spent: best-of-N as points, the frontier as a line.

    Error bars are intervals, the shaded band holds gold at all N together; where a peak is
    established its range is marked.

    Args:
        results: One or more gold rewards under the same proxy.
        width: Width of the figure in inches; below 5 the panels stand one above the other.

    Returns:
        The figure: a panel for the proxy, then one for each gold reward.

    Example:
        >>> from klimit import Draws, overoptimisation
        >>> draws = Draws.from_matrix(np.random.default_rng(0).normal(size=(30, 32)))
        >>> figure = overoptimisation_figure([overoptimisation(draws, gold=draws.rewards)])
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['mean proxy', 'mean gold']
    """
    count = len(results) + 1
    across = min(count, 2 if width < 9 else 3) if width >= WIDE else 1
    down = -(-count // across)
    figure = blank_figure(width, aspect=0.46 * down if across > 1 else 0.75 * count)
    names = ["proxy", *(result.gold for result in results)]
    panels = [figure.add_subplot(down, across, i + 1) for i in range(count)]
    for axes, name in zip(panels, names, strict=True):
        plain_axes(axes, x=_KL, y=f"mean {name}")
    first = results[0]
    _points(
        panels[0],
        [point.kl.value for point in first.best_of_n],
        [point.proxy for point in first.best_of_n],
        gid="proxy",
    )
    _line(panels[0], first, [point.proxy for point in first.frontier], gid="proxy-frontier")
    panels[0].legend(frameon=False, fontsize=8.5, labelcolor=INK, loc="lower right")
    for axes, result in zip(panels[1:], results, strict=True):
        _gold(axes, result)
    return figure


def _gold(axes: Axes, result: OverOptimisation) -> None:
    spent = np.array([point.kl.value for point in result.best_of_n])
    order = np.argsort(spent, kind="stable")
    low = np.array([point.band_low for point in result.best_of_n])[order]
    high = np.array([point.band_high for point in result.best_of_n])[order]
    known = np.isfinite(low) & np.isfinite(high)
    band = axes.fill_between(
        spent[order][known], low[known], high[known], color=BEST_OF, alpha=0.12, linewidth=0
    )
    band.set_gid("band")
    _points(axes, spent.tolist(), [point.gold for point in result.best_of_n], gid="gold")
    _line(axes, result, [point.gold for point in result.frontier], gid="gold-frontier")
    if result.peak_range is not None:
        _mark(axes, result.peak_range)
    axes.set_title(_wrapped(result.verdict), color=INK, fontsize=8, loc="left")


def _points(axes: Axes, spent: list[float], values: list[Estimate], *, gid: str) -> None:
    centre = np.array([value.value for value in values])
    arms = np.array([[x.value - x.low for x in values], [x.high - x.value for x in values]])
    drawn = axes.errorbar(
        spent,
        centre,
        yerr=np.maximum(np.where(np.isfinite(arms), arms, 0.0), 0.0),
        fmt="o",
        markersize=4.5,
        markerfacecolor=PAPER,
        markeredgewidth=1.3,
        color=BEST_OF,
        elinewidth=0.9,
        label="best-of-N",
    )
    drawn.lines[0].set_gid(gid)


def _line(axes: Axes, result: OverOptimisation, values: list[Estimate], *, gid: str) -> None:
    """Solid where the data bear it, dotted beyond."""
    spent = np.array([point.kl for point in result.frontier])
    order = np.argsort(spent, kind="stable")
    borne = np.array([result.frontier[i].supported for i in order], dtype=bool)
    centre = np.array([values[i].value for i in order])
    for kept, style, name in (
        (borne, "-", gid),
        (_beyond(borne), ":", f"{gid}-unsupported"),
    ):
        if kept.any():
            (line,) = axes.plot(
                spent[order][kept],
                centre[kept],
                style,
                color=FRONTIER,
                linewidth=1.4,
                label="frontier of the proxy" if style == "-" else "the data do not support it",
            )
            line.set_gid(name)


def _beyond(borne: Bool[np.ndarray, " b"]) -> Bool[np.ndarray, " b"]:
    if borne.all():
        return np.zeros_like(borne)
    beyond = ~borne
    joined: Bool[np.ndarray, " b"] = beyond | np.append(beyond[1:], [False])
    return joined  # to the last point that is borne


def _mark(axes: Axes, between: PeakRange) -> None:
    span = axes.axvspan(between.kl_low, between.kl_high, color=MUTED, alpha=0.12, linewidth=0)
    span.set_gid("peak-range")


def _wrapped(sentence: str) -> str:
    return "\n".join(textwrap.wrap(sentence, 46))
