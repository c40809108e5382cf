"""Policies below the frontier, and their certificates against their true divergences."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from klimit.exact.claims.certificates import CertificateClaim
from klimit.plot.claims.panels import figure_of_claims, log_axes, panel
from klimit.plot.style import BEST_OF, FRONTIER, INK, MUTED, PAPER, THIRD

__all__ = ["certificate_claim_figure"]


def certificate_claim_figure(
    claims: Sequence[CertificateClaim], *, width: float = 7.0
) -> Figure:
    """Draw policies by KL and reward, and below certificate against true divergence.

    Args:
        claims: The claim in one setting or more.
        width: Width of the figure in inches; below 5 panels stand one above the other.

    Returns:
        The figure, two panels a setting.

    Raises:
        InputError: No claim is given.

    Example:
        >>> from klimit.exact.claims import certificate_claim, example_settings
        >>> claim = certificate_claim(example_settings()[0])
        >>> len(certificate_claim_figure([claim]).axes)
        2
    """
    return figure_of_claims(claims, _draw, width=width, rows=2, height=2.7)


def _draw(claim: CertificateClaim, panels: list[Axes]) -> None:
    plane, truth = panels
    panel(
        plane,
        title=claim.setting.name,
        x=f"KL(policy || reference), nats per {_unit(claim)}",
        y=f"mean reward per {_unit(claim)}",
    )
    _draw_policies(plane, claim)
    panel(
        truth,
        title="",
        x="true divergence from the optimum, nats",
        y="certificate, nats",
    )
    _draw_truth(truth, claim)


def _unit(claim: CertificateClaim) -> str:
    return "symbol" if claim.block == 1 else f"{claim.block} symbols"


def _draw_policies(axes: Axes, claim: CertificateClaim) -> None:
    (curve,) = axes.plot(
        claim.curve_kl, claim.curve_reward, color=FRONTIER, linewidth=1.8, label="frontier"
    )
    curve.set_gid("frontier")
    (policies,) = axes.plot(
        claim.policies.kl,
        claim.policies.reward,
        "o",
        color=BEST_OF,
        markersize=3.5,
        markerfacecolor=PAPER,
        markeredgewidth=0.9,
        label="policies (optima of other rewards)",
    )
    policies.set_gid("policies")
    (twins,) = axes.plot(
        [twin.kl for twin in claim.twins],
        [twin.mean_reward for twin in claim.twins],
        "*",
        color=INK,
        markersize=9,
        markeredgewidth=0,
        label="two policies in one place",
    )
    twins.set_gid("twins")


def _draw_truth(axes: Axes, claim: CertificateClaim) -> None:
    ends = np.array([claim.closest_divergence.min() / 2, claim.divergence.max() * 2])
    ends[1] = max(ends[1], 2 * max((twin.divergence for twin in claim.twins), default=0.0))
    axes.plot(ends, ends, color=MUTED, linewidth=0.9, label="certificate = truth", zorder=0.8)
    for label, true, said, marker, colour, gid in (
        (
            "policies (optima of other rewards)",
            claim.divergence,
            claim.certificate,
            "o",
            BEST_OF,
            "same-kl",
        ),
        (
            "the same, from the optimum of their reward",
            claim.closest_divergence,
            claim.closest_certificate,
            "+",
            THIRD,
            "same-reward",
        ),
    ):
        (drawn,) = axes.plot(
            true,
            said,
            marker,
            color=colour,
            markersize=4.5,
            markerfacecolor=PAPER,
            markeredgewidth=1.0,
            label=label,
        )
        drawn.set_gid(gid)
    for twin in claim.twins:
        axes.plot(
            [twin.divergence, twin.other_divergence],
            [twin.certificate] * 2,
            "*",
            color=INK,
            markersize=9,
            markeredgewidth=0,
        )
    axes.set_xlim(*ends)
    axes.set_ylim(*ends)
    log_axes(axes, both=True)
