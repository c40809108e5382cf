"""Beyond the paper: a random N closes the gap."""

from collections.abc import Sequence

from klimit.exact.claims.random_n import RandomNClaim
from klimit.plot.claims.random_n import random_n_claim_figure
from klimit.report.blocks import Grid, Note
from klimit.report.claims.chapter import Chapter, number

__all__ = ["random_n_chapter"]

_STATEMENT = (
    "Best-of-N with a fixed N has nearly the same total reward every time, the optimum a "
    "normal law of it; no fixed N mends that, and a geometric one hardly does. Draw "
    "a reward s from the optimum's law instead, and then take N = exp(−γ) / P(reward ≥ s), γ "
    "Euler's constant: best-of-N becomes the optimum, in total variation too."
)
_PRICE = (
    "The price is the number of draws: the logarithm of N varies as the optimum's reward does, "
    "and the mean of N is ruled by rare large values."
)


def random_n_chapter(claims: Sequence[RandomNClaim]) -> Chapter:
    """Show a random number of draws beside a fixed one.

    Args:
        claims: The numbers in one setting or more.

    Returns:
        The chapter.
    """
    return Chapter(
        number=7,
        name="random-n",
        title="A random N closes the gap",
        statement=(_STATEMENT, _PRICE),
        caption=(
            "Above, the divergence from the optimum as a whole, not per symbol, as sequences "
            "grow. Below, the laws of the mean reward: that with the random N lies on the "
            "optimum's."
        ),
        draw=lambda width: random_n_claim_figure(claims, width=width),
        grids=tuple(made(claim) for made in (_gap, _price) for claim in claims),
        notes=tuple(_verdict(claim) for claim in claims),
        results=claims,
    )


def _gap(claim: RandomNClaim) -> Grid:
    columns = (
        claim.fixed,
        claim.geometric,
        claim.spread,
        claim.fixed_variation,
        claim.spread_variation,
    )
    return Grid(
        f"Distance from the optimum, {claim.setting.name}",
        (
            "length",
            "KL, N fixed",
            "N geometric",
            "N spread",
            "TV, N fixed",
            "N spread",
        ),
        tuple(
            (str(length), *(number(float(column[k])) for column in columns))
            for k, length in enumerate(claim.lengths)
        ),
    )


def _price(claim: RandomNClaim) -> Grid:
    columns = (claim.log_n, claim.mean_log_n, claim.std_log_n, claim.log_mean_n)
    return Grid(
        f"Number of draws, {claim.setting.name}",
        (
            "length",
            "log N, fixed",
            "log N, spread: mean",
            "deviation",
            "log of its mean N",
        ),
        tuple(
            (str(length), *(number(float(column[k])) for column in columns))
            for k, length in enumerate(claim.lengths)
        ),
    )


def _verdict(claim: RandomNClaim) -> Note:
    fixed, spread = float(claim.fixed[-1]), float(claim.spread[-1])
    met = spread < 0.1 * fixed and spread < claim.spread[0]
    return Note(
        "good" if met else "warning",
        f"{claim.setting.name}: at length {claim.lengths[-1]} the divergence is "
        f"{number(spread, 2)} nats with the random N, {number(fixed, 3)} with the fixed one; "
        f"total variation {number(float(claim.spread_variation[-1]), 2)} and "
        f"{number(float(claim.fixed_variation[-1]), 2)}.",
    )
