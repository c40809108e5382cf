"""The KL along a training run, with what its log leaves open."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from klimit.estimate.divergence.logged import LoggedKl
from klimit.plot.style import FRONTIER, INK, WIDE, blank_figure, plain_axes

__all__ = ["logged_kl_figure"]


def logged_kl_figure(
    steps: Sequence[int], divergences: Sequence[LoggedKl], *, width: float = 7.0
) -> Figure:
    """Draw the KL of each step and the bounds that the conversion leaves.

    Args:
        steps: Number of each step.
        divergences: What each step's number converts to.
        width: Width of the figure in inches; below 5 it is laid out for a narrow column.

    Returns:
        The figure, with one pair of axes.

    Example:
        >>> from klimit import convert_logged_kl
        >>> kl = [
        ...     convert_logged_kl(v, term="k3", average="token", mean_length=40, longest=64)
        ...     for v in (0.01, 0.02)
        ... ]
        >>> logged_kl_figure([1, 2], kl).axes[0].get_ylabel()
        'KL(policy || reference), nats a response'
    """
    narrow = width < WIDE
    figure = blank_figure(width, aspect=0.8 if narrow else 0.55)
    axes = figure.add_subplot()
    between = "\n" if narrow else " "
    plain_axes(axes, x="training step", y=f"KL(policy || reference),{between}nats a response")
    value = np.array([found.kl for found in divergences])
    low = np.array([found.low for found in divergences])
    high = np.array([found.high for found in divergences])
    shown = np.where(np.isfinite(high), high, value)
    if (high > low).any():
        band = axes.fill_between(
            steps,
            low,
            shown,
            color=FRONTIER,
            alpha=0.18,
            linewidth=0,
            label="what the log allows",
        )
        band.set_gid("bounds")
    (line,) = axes.plot(
        steps, value, "o-", color=FRONTIER, markersize=3, linewidth=1.4, label="converted"
    )
    line.set_gid("kl")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(bottom=min(0.0, float(low.min()), float(value.min())))
    if (high > low).any():
        axes.legend(frameon=False, fontsize=8.5, labelcolor=INK, loc="upper left")
    return figure
