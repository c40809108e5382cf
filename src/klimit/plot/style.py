"""One look for every figure: colours, and axes without ornament."""

from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["blank_figure", "has_offset", "hatched", "plain_axes"]

INK: Final = "#1c1c20"
MUTED: Final = "#66666e"
RULE: Final = "#c9c9cf"
PAPER: Final = "#ffffff"
FRONTIER: Final = "#0072b2"
BEST_OF: Final = "#d55e00"
THIRD: Final = "#009e73"
HATCH: Final = "#a3a3ab"
"""Blue, vermilion and green are those of Okabe and Ito, told apart by every kind of colour
vision; in black and white lightness or a marker tells them. A page that shows a figure inline
may give each another value for its dark theme."""

WIDE: Final = 5.0
"""Inches from which a figure has room for labels side by side."""

_SIZE: Final = 9.0


def blank_figure(width: float, *, aspect: float) -> Figure:
    """A figure whose layout adapts to its labels.

    Args:
        width: Inches.
        aspect: Height over width.

    Returns:
        The figure, without axes.
    """
    return Figure(figsize=(width, width * aspect), facecolor=PAPER, layout="constrained")


def plain_axes(axes: Axes, *, x: str, y: str) -> None:
    """Two spines, ticks outside, quantities with their units.

    Args:
        axes: The axes to style.
        x: Label of the horizontal axis.
        y: Label of the vertical axis.
    """
    axes.set_facecolor("none")
    for side, spine in axes.spines.items():
        spine.set_visible(side in {"left", "bottom"})
        spine.set_color(MUTED)
        spine.set_linewidth(0.7)
    axes.tick_params(colors=MUTED, labelcolor=INK, labelsize=_SIZE, width=0.7, length=3)
    axes.set_xlabel(x, color=INK, fontsize=_SIZE)
    axes.set_ylabel(y, color=INK, fontsize=_SIZE)


def has_offset(axes: Axes) -> bool:
    """Whether a number that all ticks share stands above the vertical axis.

    Args:
        axes: The axes, with their limits set.

    Returns:
        Whether other things must leave room for it.
    """
    formatter = axes.yaxis.get_major_formatter()
    formatter.set_locs(axes.get_yticks().tolist())
    return bool(formatter.get_offset())


def hatched(axes: Axes, left: float, right: float, *, gid: str, label: str = "") -> None:
    """Hatch a range of budgets that is out of reach.

    Args:
        axes: The axes.
        left: Where it begins.
        right: Where it ends.
        gid: Its name in the file.
        label: Its name in the legend, if it is to be there.
    """
    axes.axvspan(
        left,
        right,
        facecolor="none",
        edgecolor=HATCH,
        hatch="///",
        linewidth=0.0,
        zorder=0.5,
        label=label,
        gid=gid,
    )
