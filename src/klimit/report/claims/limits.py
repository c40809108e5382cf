"""What does not hold, shown as honestly as what does."""

from collections.abc import Sequence

import numpy as np

from klimit.exact.claims.limits import LimitsClaim
from klimit.plot.claims.limits import limits_claim_figure
from klimit.report.blocks import Grid, Note
from klimit.report.claims.chapter import Chapter, number

__all__ = ["limits_chapter"]

_STATEMENT = (
    "Best-of-N and the optimum are equivalent per symbol, in one direction, below the ceiling. "
    "At and above the ceiling the optimum has only the best sequences, best-of-N misses them "
    "with some chance at every N, and the divergence is infinite."
)
_WHOLE = (
    "As a whole, not per symbol, the two move apart: the divergence grows without bound, the "
    "total variation tends to 1, and the divergence of the optimum from best-of-N explodes, "
    "since best-of-N all but excludes the lower half of what the optimum does."
)


def limits_chapter(claims: Sequence[LimitsClaim]) -> Chapter:
    """Show where best-of-N stays far from the optimum.

    Args:
        claims: The limits in one setting or more.

    Returns:
        The chapter.
    """
    budgets = " and ".join(dict.fromkeys(number(claim.setting.kl) for claim in claims))
    return Chapter(
        number=6,
        name="limits",
        title="What does not hold",
        statement=(_STATEMENT, _WHOLE),
        caption=(
            "Above, the divergence per symbol of best-of-N from the optimum as the budget "
            "nears the ceiling, and beyond. In the middle, total variation as sequences grow. "
            f"Below, both divergences as a whole; middle and below at {budgets} nats per "
            "symbol."
        ),
        draw=lambda width: limits_claim_figure(claims, width=width),
        grids=tuple(made(claim) for made in (_ceiling, _lengths) for claim in claims),
        notes=tuple(note for claim in claims for note in _findings(claim)),
        results=claims,
    )


def _ceiling(claim: LimitsClaim) -> Grid:
    infinite = frozenset(np.flatnonzero(np.isinf(claim.divergence)).tolist())
    shown = [k for k in range(claim.kl.size) if k % 2 == 0 or k in infinite]
    return Grid(
        f"Length {claim.length}, {claim.setting.name}",
        ("budget, nats per symbol", "of the ceiling", "divergence, nats per symbol"),
        tuple(
            (
                number(float(claim.kl[k])),
                f"{claim.kl[k] / claim.ceiling_kl:.0%}",
                number(float(claim.divergence[k])),
            )
            for k in shown
        ),
        marked=frozenset(row for row, k in enumerate(shown) if k in infinite),
    )


def _lengths(claim: LimitsClaim) -> Grid:
    columns = (
        claim.total_variation,
        claim.total_variation_law,
        claim.forward,
        claim.reverse,
    )
    return Grid(
        f"As sequences grow, {claim.setting.name}",
        (
            "length",
            "total variation",
            "law",
            "divergence, nats",
            "the reverse, nats",
        ),
        tuple(
            (str(length), *(number(float(column[k])) for column in columns))
            for k, length in enumerate(claim.lengths)
        ),
    )


def _findings(claim: LimitsClaim) -> tuple[Note, ...]:
    length = int(claim.lengths[-1])
    return (
        Note(
            "bad",
            f"{claim.setting.name}: from the ceiling of {number(claim.ceiling_kl)} nats per "
            "symbol on, the divergence is infinite. Of exp(length · ceiling) draws none is one "
            f"of the best sequences with chance {number(claim.missed)}; in the limit, 1/e.",
        ),
        Note(
            "bad",
            f"{claim.setting.name}: at length {length} the total variation is "
            f"{number(float(claim.total_variation[-1]), 3)}; the divergence of best-of-N from "
            f"the optimum is {number(float(claim.forward[-1]), 3)} nats, the reverse "
            f"{number(float(claim.reverse[-1]), 2)} nats.",
        ),
    )
