"""The frontier of one symbol, its closed form, and policies below it."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from klimit.exact.claims.frontier import FrontierClaim
from klimit.plot.claims.panels import figure_of_claims, panel
from klimit.plot.style import BEST_OF, FRONTIER, HATCH, INK, MUTED, PAPER

__all__ = ["frontier_claim_figure"]


def frontier_claim_figure(claims: Sequence[FrontierClaim], *, width: float = 7.0) -> Figure:
    """Draw the closed form of the frontier, the bound from duality and other policies.

    Args:
        claims: The claim in one setting or more.
        width: Width of the figure in inches; below 5 panels stand one above the other.

    Returns:
        The figure, one panel a setting.

    Raises:
        InputError: No claim is given.

    Example:
        >>> from klimit.exact.claims import example_settings, frontier_claim
        >>> claim = frontier_claim(example_settings()[0])
        >>> len(frontier_claim_figure([claim]).axes)
        1
    """
    return figure_of_claims(claims, _draw, width=width)


def _draw(claim: FrontierClaim, panels: list[Axes]) -> None:
    (axes,) = panels
    panel(
        axes,
        title=claim.setting.name,
        x="KL(policy || reference), nats per symbol",
        y="mean reward per symbol",
    )
    ceiling = claim.ceiling_kl
    shown = claim.others.kl <= claim.curve_kl[-1]
    (cloud,) = axes.plot(
        claim.others.kl[shown],
        claim.others.reward[shown],
        ".",
        color=HATCH,
        markersize=4,
        markeredgewidth=0,
        label="other policies, at random",
    )
    cloud.set_gid("others")
    (curve,) = axes.plot(
        claim.curve_kl,
        claim.curve_reward,
        color=FRONTIER,
        linewidth=1.8,
        label="frontier: the tilt, in closed form",
    )
    curve.set_gid("frontier")
    (bound,) = axes.plot(
        claim.kl,
        claim.bound,
        "+",
        color=INK,
        markersize=9,
        markeredgewidth=1.2,
        label="bound on every policy, by duality",
    )
    bound.set_gid("bound")
    (best,) = axes.plot(
        claim.best_of.kl,
        claim.best_of.reward,
        "o",
        color=BEST_OF,
        markersize=5,
        markerfacecolor=PAPER,
        markeredgewidth=1.3,
        label=f"best-of-N, N = {', '.join(f'{n:g}' for n in claim.sizes)}",
    )
    best.set_gid("best-of")
    axes.axvline(ceiling, color=MUTED, linewidth=0.9, linestyle=(0, (2, 2)), zorder=0.6)
    low, high = axes.get_ylim()
    axes.set_xlim(-0.02 * ceiling, float(claim.curve_kl[-1]))
    axes.set_ylim(low, high)
    axes.text(
        0.985 * ceiling,
        low + 0.03 * (high - low),
        f"ceiling, {ceiling:.4g} nats",
        rotation=90,
        ha="right",
        va="bottom",
        fontsize=8,
        color=INK,
        bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.8},
    )
