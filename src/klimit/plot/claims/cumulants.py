"""Scaled cumulants of sequences on the Renyi cross entropy of one symbol."""

from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from klimit.exact.claims.cumulants import CumulantClaim
from klimit.plot.claims.panels import figure_of_claims, panel
from klimit.plot.style import BEST_OF, FRONTIER, INK, MUTED, PAPER, THIRD

__all__ = ["cumulant_claim_figure"]

_MARKERS: Final = (("s", 8.5, THIRD), ("o", 5.5, BEST_OF), (".", 4.5, INK))


def cumulant_claim_figure(claims: Sequence[CumulantClaim], *, width: float = 7.0) -> Figure:
    """Draw scaled cumulants at several lengths on the cross entropy that they grow like.

    Args:
        claims: The claim in one setting or more.
        width: Width of the figure in inches; below 5 panels stand one above the other.

    Returns:
        The figure, one panel a setting.

    Raises:
        InputError: No claim is given.

    Example:
        >>> from klimit.exact.claims import cumulant_claim, example_settings
        >>> claim = cumulant_claim(example_settings()[0])
        >>> len(cumulant_claim_figure([claim]).axes)
        1
    """
    return figure_of_claims(claims, _draw, width=width)


def _draw(claim: CumulantClaim, panels: list[Axes]) -> None:
    (axes,) = panels
    panel(
        axes,
        title=claim.setting.name,
        x="order 1 + t",
        y="nats per symbol",
    )
    (curve,) = axes.plot(
        claim.curve_order,
        claim.curve,
        color=FRONTIER,
        linewidth=1.8,
        label="Rényi cross entropy of optimum and q",
    )
    curve.set_gid("renyi")
    (reference,) = axes.plot(
        claim.curve_order,
        claim.reference_curve,
        color=MUTED,
        linewidth=1.2,
        linestyle=(0, (4, 2)),
        label="Rényi cross entropy of reference and q",
    )
    reference.set_gid("reference")
    for row, length, (marker, size, colour) in zip(
        claim.scaled, claim.lengths, _MARKERS, strict=False
    ):
        (drawn,) = axes.plot(
            claim.order,
            row,
            marker,
            color=colour,
            markersize=size,
            markerfacecolor=PAPER if marker != "." else colour,
            markeredgewidth=1.1,
            label=f"−log E qᵗ / (length · t), length {length}",
        )
        drawn.set_gid(f"length-{length}")
