"""The first claim: a closed form for the optimum."""

from collections.abc import Sequence

from klimit.exact.claims.frontier import FrontierClaim
from klimit.plot.claims.frontier import frontier_claim_figure
from klimit.report.blocks import Grid, Note
from klimit.report.claims.chapter import Chapter, number

__all__ = ["frontier_chapter"]

_STATEMENT = (
    "Of all policies within a KL budget of the reference, the one of most reward is a tilt: "
    "the reference reweighted by exp(β · reward), β so that the budget is spent. The frontier "
    "rises with slope 1/β up to the ceiling, where only the best symbols are left."
)


def frontier_chapter(claims: Sequence[FrontierClaim]) -> Chapter:
    """Show the frontier and its closed form.

    Args:
        claims: The claim in one setting or more.

    Returns:
        The chapter.
    """
    gap = max(claim.largest_gap for claim in claims)
    return Chapter(
        number=1,
        name="frontier",
        title="The optimum within a KL budget has a closed form",
        statement=(_STATEMENT,),
        caption=(
            "Mean reward against KL: the closed form, the bound (KL + cgf(β)) / β minimised "
            "over β, which no policy can pass, policies drawn at random, and best-of-N. Above "
            "the ceiling there is no more reward to have."
        ),
        draw=lambda width: frontier_claim_figure(claims, width=width),
        grids=tuple(_grid(claim) for claim in claims),
        notes=(_verdict(claims, gap),),
        results=claims,
    )


def _grid(claim: FrontierClaim) -> Grid:
    return Grid(
        f"One symbol, {claim.setting.name}",
        ("budget, nats", "β", "slope 1/β", "reward, closed form", "bound on every policy"),
        tuple(
            (number(kl), number(beta), number(1 / beta), number(reward, 10), number(bound, 10))
            for kl, beta, reward, bound in zip(
                claim.kl, claim.beta, claim.reward, claim.bound, strict=True
            )
        ),
    )


def _verdict(claims: Sequence[FrontierClaim], gap: float) -> Note:
    excess = max(claim.largest_excess for claim in claims)
    count = sum(claim.others.kl.size for claim in claims)
    met = gap < 1e-9 and excess <= 1e-12
    return Note(
        "good" if met else "bad",
        f"The closed form attains the bound, relative difference at most {number(gap, 2)}; "
        f"{'none' if excess <= 1e-12 else 'one'} of {count} other policies lies above it.",
    )
