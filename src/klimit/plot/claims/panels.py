"""Panels side by side where there is room, else one above the other, under one legend."""

from collections.abc import Callable, Sequence
from math import ceil, log10
from typing import TypeVar

import numpy as np
from jaxtyping import Int64
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from klimit.core.errors import InputError
from klimit.plot.style import INK, MUTED, WIDE, blank_figure, plain_axes

__all__ = ["figure_of_claims", "length_axis", "log_axes", "panel"]

_SIZE = 8.5

_Claim = TypeVar("_Claim")


def figure_of_claims(
    claims: Sequence[_Claim],
    draw: Callable[[_Claim, list[Axes]], None],
    *,
    width: float,
    rows: int = 1,
    height: float = 3.1,
) -> Figure:
    """A figure with one column of panels a claim, and a legend above them all.

    Args:
        claims: The results, at least one.
        draw: Draws one of them on its panels, from the top.
        width: Width of the figure in inches; below 5 all panels stand one above the other.
        rows: Panels in each column.
        height: Height of a panel in inches.

    Returns:
        The figure.

    Raises:
        InputError: There is nothing to draw.
    """
    if not claims:
        raise InputError("a figure of a claim needs at least one result, got none")
    across = min(len(claims), 2) if width >= WIDE else 1
    down = ceil(len(claims) / across) * rows
    figure = blank_figure(width, aspect=(down * height + 0.5) / width)
    figure.set_layout_engine("constrained", h_pad=0.08)
    for k, claim in enumerate(claims):
        top = (k // across) * rows
        places = [(top + row) * across + k % across + 1 for row in range(rows)]
        draw(claim, [figure.add_subplot(down, across, place) for place in places])
    _legend_above(figure, across=2 if width >= WIDE else 1)
    return figure


def panel(axes: Axes, *, title: str, x: str, y: str) -> None:
    """Style one panel.

    Args:
        axes: The panel.
        title: What it shows, above it; may be empty.
        x: Label of the horizontal axis.
        y: Label of the vertical axis.
    """
    plain_axes(axes, x=x, y=y)
    if title:
        axes.set_title(title, color=INK, fontsize=_SIZE, loc="left")


def length_axis(axes: Axes, lengths: Int64[np.ndarray, " l"]) -> None:
    """A logarithmic axis with ticks at the lengths that were computed, thinned where many.

    Args:
        axes: The panel.
        lengths: Numbers of symbols, increasing.
    """
    most = 5
    axes.set_xscale("log")
    shown = lengths[::-1][:: -(-lengths.size // most)]
    axes.xaxis.set_major_locator(FixedLocator([float(length) for length in shown]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda length, _: f"{length:.0f}")


def log_axes(axes: Axes, *, both: bool = False) -> None:
    """Logarithmic values, small ticks left out where they span many decades.

    Args:
        axes: The panel, its data drawn already.
        both: Whether the horizontal axis is logarithmic too.
    """
    axes.set_yscale("log")
    if both:
        axes.set_xscale("log")
    axes.tick_params(which="minor", colors=MUTED, labelcolor=INK, labelsize=7.5, width=0.6)
    for axis in (axes.yaxis, axes.xaxis) if both else (axes.yaxis,):
        low, high = axis.get_data_interval()
        if low > 0 and log10(high / low) > 2.5:
            axis.set_minor_locator(NullLocator())


def _legend_above(figure: Figure, *, across: int) -> None:
    """One legend for all panels, each label once, so many entries side by side."""
    entries: dict[str, Artist] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    figure.legend(
        handles=list(entries.values()),
        labels=list(entries),
        loc="outside upper left",
        ncols=across,
        frameon=False,
        fontsize=_SIZE,
        labelcolor=INK,
        columnspacing=1.6,
        handlelength=2.4,
        borderaxespad=0.1,
    )
