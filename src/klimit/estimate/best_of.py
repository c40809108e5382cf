"""Best-of-N from draws: unbiased reward and KL, ties included."""

from dataclasses import dataclass

from klimit.core.results import Estimate, Result

__all__ = ["BestOfEstimate", "BestOfPoint"]


@dataclass(frozen=True, slots=True, eq=False)
class BestOfPoint(Result):
    """Best-of-N at one N.

    Attributes:
        n: Number of draws of which the best is kept.
        reward: Its expected reward.
        kl: Its divergence from the reference policy, in nats, ties broken at random.
        kl_bound: ``log n - (n - 1) / n``, what the divergence would be without ties.
        prompt_count: Prompts with at least ``n`` draws; the others are left out at this ``n``.
        reason: What was left out, in words; empty where nothing was.
    """

    n: int
    reward: Estimate
    kl: Estimate
    kl_bound: float
    prompt_count: int
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class BestOfEstimate(Result):
    """Best-of-N at several N.

    Attributes:
        points: One an N, in the order asked.
        prompts: ``"sampled"`` or ``"fixed"``: for whom the intervals hold.
        level: Nominal coverage of the intervals.
        prompt_count: Number of prompts.
        draw_count: Number of draws.
    """

    points: tuple[BestOfPoint, ...]
    prompts: str
    level: float
    prompt_count: int
    draw_count: int
