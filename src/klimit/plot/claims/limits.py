"""Where best-of-N stays far from the optimum."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from klimit.exact.claims.limits import LimitsClaim
from klimit.plot.claims.panels import figure_of_claims, length_axis, log_axes, panel
from klimit.plot.style import BEST_OF, HATCH, INK, MUTED, PAPER, THIRD, hatched

__all__ = ["limits_claim_figure"]


def limits_claim_figure(claims: Sequence[LimitsClaim], *, width: float = 7.0) -> Figure:
    """Draw the divergence up to the ceiling, total variation and the reverse divergence.

    Args:
        claims: The limits in one setting or more.
        width: Width of the figure in inches; below 5 panels stand one above the other.

    Returns:
        The figure, three panels a setting.

    Raises:
        InputError: No claim is given.

    Example:
        >>> from klimit.exact.claims import example_settings, limits_claim
        >>> claim = limits_claim(example_settings()[0])
        >>> len(limits_claim_figure([claim]).axes)
        3
    """
    return figure_of_claims(claims, _draw, width=width, rows=3, height=2.4)


def _draw(claim: LimitsClaim, panels: list[Axes]) -> None:
    ceiling, variation, reverse = panels
    panel(
        ceiling,
        title=claim.setting.name,
        x=f"budget, nats per symbol (length {claim.length})",
        y="divergence, nats per symbol",
    )
    _draw_ceiling(ceiling, claim)
    panel(variation, title="", x="length, symbols", y="total variation")
    _draw_variation(variation, claim)
    panel(reverse, title="", x="length, symbols", y="divergence, nats in all")
    _draw_reverse(reverse, claim)


def _draw_ceiling(axes: Axes, claim: LimitsClaim) -> None:
    finite = np.isfinite(claim.divergence)
    (drawn,) = axes.plot(
        claim.kl[finite],
        claim.divergence[finite],
        "o-",
        color=BEST_OF,
        markersize=4.5,
        markerfacecolor=PAPER,
        markeredgewidth=1.1,
        linewidth=1.1,
        label="KL(best-of-N || optimum)",
    )
    drawn.set_gid("divergence")
    right = float(claim.kl[-1])
    hatched(axes, claim.ceiling_kl, right, gid="infinite")
    axes.axvline(claim.ceiling_kl, color=MUTED, linewidth=1.0, linestyle=(0, (2, 2)))
    axes.set_xlim(0.0, right)
    axes.set_ylim(0.0, 1.35 * float(claim.divergence[finite].max()))
    axes.text(
        (claim.ceiling_kl + right) / 2,
        0.5,
        "infinite",
        transform=axes.get_xaxis_transform(),
        rotation=90,
        ha="center",
        va="center",
        fontsize=8.5,
        color=INK,
        bbox={"facecolor": PAPER, "edgecolor": HATCH, "linewidth": 0.6, "pad": 2.5},
    )


def _draw_variation(axes: Axes, claim: LimitsClaim) -> None:
    axes.axhline(1.0, color=MUTED, linewidth=1.0, linestyle=(0, (2, 2)))
    (drawn,) = axes.plot(
        claim.lengths,
        claim.total_variation,
        "s",
        color=THIRD,
        markersize=4.5,
        markerfacecolor=PAPER,
        markeredgewidth=1.2,
        label="total variation of best-of-N and optimum",
    )
    drawn.set_gid("variation")
    (law,) = axes.plot(
        claim.lengths,
        claim.total_variation_law,
        color=INK,
        linewidth=1.1,
        zorder=1.9,
        label="asymptotic law of the total variation",
    )
    law.set_gid("variation-law")
    axes.set_ylim(0.0, 1.08)
    length_axis(axes, claim.lengths)


def _draw_reverse(axes: Axes, claim: LimitsClaim) -> None:
    for label, values, style, colour, gid in (
        ("KL(optimum || best-of-N), the reverse", claim.reverse, "^-", INK, "reverse"),
        ("KL(best-of-N || optimum)", claim.forward, "o-", BEST_OF, "forward"),
    ):
        (drawn,) = axes.plot(
            claim.lengths,
            np.where(np.isfinite(values), values, np.nan),
            style,
            color=colour,
            markersize=4.5,
            markerfacecolor=PAPER,
            markeredgewidth=1.1,
            linewidth=1.1,
            label=label,
        )
        drawn.set_gid(gid)
    log_axes(axes)
    axes.set_ylim(bottom=min(0.1, float(claim.forward.min()) / 3))
    length_axis(axes, claim.lengths)
