"""The fourth claim: scaled cumulants grow like a Renyi cross entropy."""

from collections.abc import Sequence

import numpy as np

from klimit.exact.claims.cumulants import CumulantClaim
from klimit.plot.claims.cumulants import cumulant_claim_figure
from klimit.report.blocks import Grid, Note
from klimit.report.claims.chapter import Chapter, number

__all__ = ["cumulant_chapter"]

_STATEMENT = (
    "Read the reward of a symbol as log q and a constant, q a distribution on symbols. Then "
    "−log E qᵗ of a whole sequence under the optimum, over length · t, is the Rényi cross "
    "entropy of order 1 + t of the optimum and q. For independent symbols that holds at every "
    "length, not in the limit alone."
)
_FORM = (
    "The Rényi cross entropy of order α of p and q is log(Σ p q^(α−1)) / (1−α), at order 1 the "
    "cross entropy −Σ p log q."
)


def cumulant_chapter(claims: Sequence[CumulantClaim]) -> Chapter:
    """Show scaled cumulants beside the cross entropy.

    Args:
        claims: The claim in one setting or more.

    Returns:
        The chapter.
    """
    return Chapter(
        number=4,
        name="cumulants",
        title="Scaled cumulants of the reward grow like a Rényi cross entropy",
        statement=(_STATEMENT, _FORM),
        caption=(
            "Markers come from the exact law of sequences of three lengths, the line from one "
            "symbol. Dashed, the same for the reference policy, for comparison."
        ),
        draw=lambda width: cumulant_claim_figure(claims, width=width),
        grids=tuple(made(claim) for made in (_renyi, _cumulants) for claim in claims),
        notes=tuple(_verdict(claim) for claim in claims),
        results=claims,
    )


def _renyi(claim: CumulantClaim) -> Grid:
    shown = range(0, claim.order.size, 2)
    return Grid(
        f"Nats per symbol, {claim.setting.name}",
        ("order", "Rényi cross entropy", *(f"length {length}" for length in claim.lengths)),
        tuple(
            (
                number(float(claim.order[k])),
                number(float(claim.renyi[k]), 9),
                *(number(float(row[k]), 9) for row in claim.scaled),
            )
            for k in shown
        ),
    )


def _cumulants(claim: CumulantClaim) -> Grid:
    return Grid(
        f"Cumulants of the reward under the optimum, per symbol, {claim.setting.name}",
        ("cumulant", "of one symbol", *(f"length {length}" for length in claim.lengths)),
        tuple(
            (
                str(k + 1),
                number(float(claim.cumulants[k]), 9),
                *(number(float(row[k]), 9) for row in claim.per_symbol),
            )
            for k in range(claim.cumulants.size)
        ),
    )


def _verdict(claim: CumulantClaim) -> Note:
    size = max(float(np.max(np.abs(claim.renyi))), abs(claim.constant))
    return Note(
        "good" if claim.largest_error < 1e-9 * size else "bad",
        f"{claim.setting.name}: sequences and cross entropy differ by at most "
        f"{number(claim.largest_error, 1)} nats per symbol.",
    )
