"""How best-of-N nears the optimum as sequences grow."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from klimit.exact.claims.best_of import BestOfNClaim
from klimit.plot.claims.panels import figure_of_claims, length_axis, log_axes, panel
from klimit.plot.style import BEST_OF, FRONTIER, INK, MUTED, PAPER, THIRD

__all__ = ["best_of_n_claim_figure"]


def best_of_n_claim_figure(claims: Sequence[BestOfNClaim], *, width: float = 7.0) -> Figure:
    """Draw what best-of-N lacks per symbol against the length, and the law on it.

    The gap in reward is multiplied by ``beta``, so that all three are in nats per symbol.

    Args:
        claims: The claim in one setting or more.
        width: Width of the figure in inches; below 5 panels stand one above the other.

    Returns:
        The figure, one panel a setting.

    Raises:
        InputError: No claim is given.

    Example:
        >>> from klimit.exact.claims import best_of_n_claim, example_settings
        >>> claim = best_of_n_claim(example_settings()[0])
        >>> len(best_of_n_claim_figure([claim]).axes)
        1
    """
    return figure_of_claims(claims, _draw, width=width, height=3.6)


def _draw(claim: BestOfNClaim, panels: list[Axes]) -> None:
    (axes,) = panels
    panel(
        axes,
        title=claim.setting.name,
        x="length, symbols",
        y="nats per symbol",
    )
    for label, exact, law, marker, colour, gid in (
        (
            "β × reward gap to the frontier",
            claim.beta * claim.reward_gap,
            claim.beta * claim.reward_gap_law,
            "s",
            FRONTIER,
            "reward",
        ),
        (
            "divergence from the optimum",
            claim.divergence,
            claim.divergence_law,
            "o",
            BEST_OF,
            "divergence",
        ),
        ("KL gap to the budget", claim.kl_gap, claim.kl_gap_law, "^", THIRD, "kl"),
    ):
        _line(axes, claim, law, colour=colour, gid=f"{gid}-law")
        (drawn,) = axes.plot(
            claim.lengths,
            exact,
            marker,
            color=colour,
            markersize=5,
            markerfacecolor=PAPER,
            markeredgewidth=1.3,
            label=label,
        )
        drawn.set_gid(gid)
    axes.plot([], [], color=INK, linewidth=1.1, label="second-order law, in each colour")
    (leading,) = axes.plot(
        claim.lengths,
        claim.leading,
        linestyle=(0, (1, 1.5)),
        color=MUTED,
        linewidth=1.4,
        label="log(length) / (2 length)",
    )
    leading.set_gid("leading")
    log_axes(axes)
    length_axis(axes, claim.lengths)


def _line(
    axes: Axes, claim: BestOfNClaim, law: Float64[np.ndarray, " l"], *, colour: str, gid: str
) -> None:
    (line,) = axes.plot(
        claim.lengths, np.where(law > 0, law, np.nan), color=colour, linewidth=1.1, zorder=1.9
    )
    line.set_gid(gid)
