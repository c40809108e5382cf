"""A random number of draws that makes best-of-N the optimum."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from klimit.exact.claims.random_n import RandomNClaim
from klimit.plot.claims.panels import figure_of_claims, length_axis, log_axes, panel
from klimit.plot.style import BEST_OF, FRONTIER, MUTED, PAPER, THIRD

__all__ = ["random_n_claim_figure"]


def random_n_claim_figure(claims: Sequence[RandomNClaim], *, width: float = 7.0) -> Figure:
    """Draw the divergence with fixed and random N, and below the laws of the reward.

    Args:
        claims: The claim in one setting or more.
        width: Width of the figure in inches; below 5 panels stand one above the other.

    Returns:
        The figure, two panels a setting.

    Raises:
        InputError: No claim is given.

    Example:
        >>> from klimit.exact.claims import example_settings, random_n_claim, setting_of
        >>> claim = random_n_claim(example_settings(lengths=[10, 20])[0])
        >>> len(random_n_claim_figure([claim]).axes)
        2
    """
    return figure_of_claims(claims, _draw, width=width, rows=2, height=2.7)


def _draw(claim: RandomNClaim, panels: list[Axes]) -> None:
    gap, laws = panels
    panel(
        gap,
        title=claim.setting.name,
        x="length, symbols",
        y="KL(policy || optimum), nats in all",
    )
    _draw_gap(gap, claim)
    panel(
        laws,
        title="",
        x=f"x, mean reward per symbol (length {claim.laws.length})",
        y="P(mean reward ≤ x)",
    )
    _draw_laws(laws, claim)


def _draw_gap(axes: Axes, claim: RandomNClaim) -> None:
    for label, values, style, colour, gid in (
        ("best-of-N, N fixed", claim.fixed, "o-", BEST_OF, "fixed"),
        ("N geometric, of the same mean", claim.geometric, "s:", MUTED, "geometric"),
        ("N spread as the optimum's reward", claim.spread, "^--", THIRD, "spread"),
    ):
        (drawn,) = axes.plot(
            claim.lengths,
            values,
            style,
            color=colour,
            markersize=4.5,
            markerfacecolor=PAPER,
            markeredgewidth=1.1,
            linewidth=1.2,
            label=label,
        )
        drawn.set_gid(gid)
    log_axes(axes)
    length_axis(axes, claim.lengths)


def _draw_laws(axes: Axes, claim: RandomNClaim) -> None:
    laws = claim.laws
    for label, values, style, colour, thick, gid in (
        ("the optimum", laws.optimum, "-", FRONTIER, 3.2, "optimum-law"),
        ("best-of-N, N fixed", laws.fixed, "-", BEST_OF, 1.4, "fixed-law"),
        ("N spread as the optimum's reward", laws.spread, "--", THIRD, 1.4, "spread-law"),
    ):
        (drawn,) = axes.plot(
            laws.x,
            values,
            linestyle=style,
            color=colour,
            linewidth=thick,
            alpha=0.45 if gid == "optimum-law" else 1.0,
            drawstyle="steps-post",
            label=label,
        )
        drawn.set_gid(gid)
    axes.set_ylim(-0.02, 1.02)
