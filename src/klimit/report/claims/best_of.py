"""The fifth claim: best-of-N is asymptotically the optimum."""

from collections.abc import Sequence

from klimit.exact.claims.best_of import BestOfNClaim
from klimit.plot.claims.best_of import best_of_n_claim_figure
from klimit.report.blocks import Grid, Note
from klimit.report.claims.chapter import Chapter, number

__all__ = ["best_of_n_chapter"]

_LIMIT = (
    "With N = exp(length · budget) draws of which the best is kept, the reward per symbol "
    "tends to the frontier's, the KL per symbol to the budget, and the divergence per symbol "
    "from the optimum to 0."
)
_SPEED = (
    "How fast goes beyond the paper: the divergence falls like log(length) / (2 length), and "
    "a second-order law gives it with its constant. The law is asymptotic; the numbers show "
    "where it begins to hold."
)


def best_of_n_chapter(claims: Sequence[BestOfNClaim]) -> Chapter:
    """Show how best-of-N nears the optimum, and how fast.

    Args:
        claims: The claim in one setting or more.

    Returns:
        The chapter.
    """
    budgets = " and ".join(dict.fromkeys(number(claim.setting.kl) for claim in claims))
    return Chapter(
        number=5,
        name="best-of-n",
        title="Best-of-N is asymptotically the optimum",
        statement=(_LIMIT, _SPEED),
        caption=(
            f"What best-of-N lacks per symbol at a budget of {budgets} nats per symbol. "
            "Markers are exact, lines in the same colour are the second-order law, the dotted "
            "line is its leading term. The gap in reward is multiplied by β, which makes nats "
            "of it."
        ),
        draw=lambda width: best_of_n_claim_figure(claims, width=width),
        grids=tuple(_grid(claim) for claim in claims),
        notes=tuple(_verdict(claim) for claim in claims),
        results=claims,
    )


def _grid(claim: BestOfNClaim) -> Grid:
    columns = (
        claim.reward_gap,
        claim.reward_gap_law,
        claim.kl_gap,
        claim.kl_gap_law,
        claim.divergence,
        claim.divergence_law,
    )
    return Grid(
        f"Per symbol, KL and divergence in nats, {claim.setting.name}",
        (
            "length",
            "log N",
            "reward gap",
            "law",
            "KL gap",
            "law",
            "divergence",
            "law",
        ),
        tuple(
            (
                str(length),
                number(float(length) * claim.setting.kl),
                *(number(float(column[k])) for column in columns),
            )
            for k, length in enumerate(claim.lengths)
        ),
    )


def _verdict(claim: BestOfNClaim) -> Note:
    last, law = float(claim.divergence[-1]), float(claim.divergence_law[-1])
    met = last < claim.divergence[0] and abs(law / last - 1) < 0.1
    return Note(
        "good" if met else "warning",
        f"{claim.setting.name}: at length {claim.lengths[-1]} the divergence is {number(last)} "
        f"nats per symbol, {number(last / float(claim.divergence[0]), 2)} of that at length "
        f"{claim.lengths[0]}; the law says {number(law)}. It grows by {number(claim.slope, 3)} "
        "nats for each unit of log(length) between the last two lengths; the limit is 1/2.",
    )
