"""Exact tails against the rate function and the sharp form."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from klimit.exact.claims.tails import TailClaim
from klimit.plot.claims.panels import figure_of_claims, length_axis, log_axes, panel
from klimit.plot.style import BEST_OF, FRONTIER, INK, MUTED, PAPER

__all__ = ["tail_claim_figure"]

_MARKERS: Final = "os^"
_DASHED: Final = (0, (4, 2))


def tail_claim_figure(claims: Sequence[TailClaim], *, width: float = 7.0) -> Figure:
    """Draw exact tails on the rate function, and below how each formula's error falls.

    Args:
        claims: The claim in one setting or more.
        width: Width of the figure in inches; below 5 panels stand one above the other.

    Returns:
        The figure, two panels a setting.

    Raises:
        InputError: No claim is given.

    Example:
        >>> from klimit.exact.claims import example_settings, tail_claim
        >>> claim = tail_claim(example_settings()[0])
        >>> len(tail_claim_figure([claim]).axes)
        2
    """
    return figure_of_claims(claims, _draw, width=width, rows=2, height=2.7)


def _draw(claim: TailClaim, panels: list[Axes]) -> None:
    tails, errors = panels
    panel(
        tails,
        title=claim.setting.name,
        x="x, mean reward per symbol",
        y="−log P(mean reward ≥ x) / length, nats",
    )
    _draw_tails(tails, claim)
    panel(errors, title="", x="length, symbols", y="|log(formula / exact tail)|")
    _draw_errors(errors, claim)


def _draw_tails(axes: Axes, claim: TailClaim) -> None:
    (curve,) = axes.plot(
        claim.rate_x, claim.rate, color=FRONTIER, linewidth=1.8, label="rate function"
    )
    curve.set_gid("rate")
    for tail, marker in zip(claim.curves, _MARKERS, strict=False):
        (sharp,) = axes.plot(
            tail.x,
            -tail.sharp / tail.length,
            linestyle=_DASHED,
            linewidth=1.2,
            color=BEST_OF,
            label="sharp form (Bahadur–Rao)",
        )
        sharp.set_gid(f"sharp-{tail.length}")
        (exact,) = axes.plot(
            tail.x,
            -tail.exact / tail.length,
            marker,
            color=INK,
            markersize=4.5,
            markerfacecolor=PAPER,
            markeredgewidth=1.0,
            label=f"exact, length {tail.length}",
        )
        exact.set_gid(f"exact-{tail.length}")
    axes.set_ylim(bottom=0.0)


def _draw_errors(axes: Axes, claim: TailClaim) -> None:
    for label, values, style, colour, gid in (
        ("rate function", claim.leading, "-", FRONTIER, "leading"),
        ("sharp form (Bahadur–Rao)", claim.sharp, _DASHED, BEST_OF, "sharp"),
        ("sharp form, lattice ignored", claim.sharp_without_lattice, ":", MUTED, "naive"),
    ):
        if gid == "naive" and claim.setting.span is None:
            continue
        (drawn,) = axes.plot(
            claim.lengths,
            np.where(np.isnan(claim.sharp), np.nan, np.abs(values - claim.exact)),
            marker=".",
            linestyle=style,
            color=colour,
            linewidth=1.4,
            markersize=6,
            label=label,
        )
        drawn.set_gid(gid)
    log_axes(axes)
    length_axis(axes, claim.lengths)
