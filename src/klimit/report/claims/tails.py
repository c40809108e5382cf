"""The third claim: the product form, and large deviations of the reward."""

from collections.abc import Sequence

import numpy as np

from klimit.exact.claims.tails import TailClaim
from klimit.plot.claims.tails import tail_claim_figure
from klimit.report.blocks import Grid, Note
from klimit.report.claims.chapter import Chapter, number

__all__ = ["tail_chapter"]

_PRODUCT = (
    "For independent symbols with summed rewards the optimum on sequences tilts each symbol "
    "alone, by the same β at every length. The chance that its mean reward per symbol reaches "
    "x falls like exp(−length · J(x)), where J(x) is the KL between the tilt of mean reward x "
    "and the optimum."
)
_SHARP = (
    "The rate function is right per symbol and leaves out a factor that grows; the sharp form "
    "of Bahadur and Rao has it, corrected where totals lie on a lattice."
)


def tail_chapter(claims: Sequence[TailClaim]) -> Chapter:
    """Show exact tails beside the rate function and the sharp form.

    Args:
        claims: The claim in one setting or more.

    Returns:
        The chapter.
    """
    return Chapter(
        number=3,
        name="tails",
        title="The optimum is a product, and its reward obeys a large deviation principle",
        statement=(_PRODUCT, _SHARP),
        caption=(
            "Above, the exact tail of the optimum's mean reward, per symbol, on the rate "
            "function, which it nears as sequences grow; dashed, the sharp form at the same "
            "lengths. Below, how far each formula is from the exact tail as a whole, not per "
            f"symbol, at {_places(claims)}."
        ),
        draw=lambda width: tail_claim_figure(claims, width=width),
        grids=tuple(made(claim) for made in (_tails, _product) for claim in claims),
        notes=tuple(_verdict(claim) for claim in claims),
        results=claims,
    )


def _places(claims: Sequence[TailClaim]) -> str:
    ends = " and ".join(number(float(claim.x[-1])) for claim in claims)
    next_one = " (or the next on the lattice)" if any(c.setting.span for c in claims) else ""
    return f"a mean reward of {ends}{next_one}"


def _tails(claim: TailClaim) -> Grid:
    columns = (claim.exact, claim.leading, claim.sharp)
    return Grid(
        f"Tail at one mean reward, in nats, {claim.setting.name}",
        ("length", "mean reward x", "log P, exact", "rate function", "sharp form"),
        tuple(
            (
                str(length),
                number(float(claim.x[k]), 5),
                *(number(float(column[k]), 7) for column in columns),
            )
            for k, length in enumerate(claim.lengths)
        ),
    )


def _product(claim: TailClaim) -> Grid:
    return Grid(
        f"The product form, {claim.setting.name}",
        ("length", "β of the optimum on sequences", "largest relative error of a log P"),
        tuple(
            (str(length), number(float(beta), 12), number(float(error), 1))
            for length, beta, error in zip(
                claim.lengths, claim.beta, claim.product_error, strict=True
            )
        ),
    )


def _verdict(claim: TailClaim) -> Note:
    length = int(claim.lengths[-1])
    leading, sharp = (
        abs(float(values[-1] - claim.exact[-1])) for values in (claim.leading, claim.sharp)
    )
    product = float(claim.product_error.max())
    exact = product < 1e-5 and float(np.ptp(claim.beta)) < 1e-9 * claim.beta[0]
    return Note(
        "bad" if not exact else "good" if sharp < leading else "warning",
        f"{claim.setting.name}: the product form is exact to {number(product, 1)}. At length "
        f"{length} the rate function is {number(leading / length, 2)} nats per symbol from the "
        f"exact tail ({number(leading, 3)} nats in all), the sharp form {number(sharp, 2)} in "
        "all.",
    )
