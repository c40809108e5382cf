"""Best-of-N from draws: unbiased reward and KL, ties included."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64
from scipy.special import xlogy

from klimit.core.errors import InputError, InsufficientDataError
from klimit.core.results import Estimate, Result
from klimit.estimate.draws import Draws
from klimit.estimate.order_statistics import unbiased_best_of_n
from klimit.estimate.uncertainty import check_level, check_prompts, mean_over_prompts

__all__ = ["BestOfEstimate", "BestOfPoint", "best_of_n_within", "estimate_best_of_n"]


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


def estimate_best_of_n(
    draws: Draws,
    *,
    n: int | Sequence[int] | Int64[np.ndarray, " k"],
    prompts: str = "sampled",
    level: float = 0.95,
) -> BestOfEstimate:
    """Reward and divergence of best-of-N, ties included.

    The reward is a U-statistic, free of bias. The divergence falls below ``kl_bound`` by what
    the ties cost: a value seen once is part of a continuum, a value seen again is an atom.

    Args:
        draws: Draws of the reference policy.
        n: Numbers of draws of which the best is kept, each at least 1.
        prompts: ``"sampled"`` for the population that the prompts come from, ``"fixed"`` for
            these prompts alone.
        level: Nominal coverage of the intervals, in (0, 1).

    Returns:
        A point an ``n``, in the order asked.

    Raises:
        InputError: An argument is outside its range.
        InsufficientDataError: No prompt has ``n`` draws, or one prompt where they are sampled.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> draws = Draws.from_matrix(rng.normal(size=(100, 64)))
        >>> print(estimate_best_of_n(draws, n=4).points[0].reward)  # the truth is 1.029
        1.026 ± 0.017
    """
    check_prompts(prompts)
    check_level(level)
    sizes = np.atleast_1d(np.asarray(n))
    if sizes.dtype.kind not in "iu" or (sizes < 1).any():
        raise InputError(f"n must be a whole number, at least 1, got {n}")
    return BestOfEstimate(
        points=tuple(_point(draws, int(size), prompts, level) for size in sizes),
        prompts=prompts,
        level=level,
        prompt_count=len(draws.prompts),
        draw_count=len(draws),
    )


def best_of_n_within(
    draws: Draws, *, kl: float, prompts: str = "sampled", level: float = 0.95
) -> BestOfPoint:
    """Best-of-N at the largest N whose estimated divergence is within a budget.

    Args:
        draws: Draws of the reference policy.
        kl: Budget in nats, at least 0.
        prompts: ``"sampled"`` or ``"fixed"``.
        level: Nominal coverage of the intervals, in (0, 1).

    Returns:
        The point of that N, which is 1 where the budget bears no more; no N is tried that half
        of the prompts have too few draws for.

    Raises:
        InputError: An argument is outside its range.
        InsufficientDataError: One prompt, where prompts are sampled.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> draws = Draws.from_matrix(rng.normal(size=(100, 64)))
        >>> best_of_n_within(draws, kl=1.0).n
        6
    """
    if not kl >= 0:
        raise InputError(f"kl must be at least 0, got {kl}")
    low, high = 1, int(np.median(draws.counts)) + 1
    while high - low > 1:
        middle = (low + high) // 2
        point = estimate_best_of_n(draws, n=middle, prompts=prompts, level=level).points[0]
        low, high = (middle, high) if point.kl.value <= kl else (low, middle)
    return estimate_best_of_n(draws, n=low, prompts=prompts, level=level).points[0]


def _point(draws: Draws, n: int, prompts: str, level: float) -> BestOfPoint:
    enough = np.flatnonzero(draws.counts >= n)
    if enough.size == 0:
        raise InsufficientDataError(
            f"best-of-{n} needs a prompt with {n} draws, the most is {draws.counts.max()}; "
            "draw more or ask for a smaller n"
        )
    blocks = [draws.rewards[draws.offsets[i] : draws.offsets[i + 1]] for i in enough]
    reward = np.array([unbiased_best_of_n(block, n=n)[0] for block in blocks])
    kl = np.array([_divergence(block, n) for block in blocks])
    left_out = len(draws.prompts) - enough.size
    zero = np.zeros(enough.size)
    return BestOfPoint(
        n=n,
        reward=mean_over_prompts(reward, zero, prompts=prompts, level=level),
        kl=mean_over_prompts(kl, zero, prompts=prompts, level=level),
        kl_bound=float(np.log(n) - (n - 1) / n),
        prompt_count=int(enough.size),
        reason=f"{left_out} prompts have fewer than {n} draws" if left_out else "",
    )


def _divergence(rewards: Float64[np.ndarray, " m"], n: int) -> float:
    """The bound less what each atom costs by spreading its share evenly."""
    size = np.unique(rewards, return_counts=True)[1]
    upto = np.cumsum(size) / rewards.size
    below = upto - size / rewards.size
    tied = size > 1
    a, b = below[tied], upto[tied]
    kept = b**n - a**n
    smooth = _smooth(b, n) - _smooth(a, n)
    atoms = xlogy(kept, kept / (b - a))
    return float(np.log(n) - (n - 1) / n - (smooth - atoms).sum())


def _smooth(u: Float64[np.ndarray, " k"], n: int) -> Float64[np.ndarray, " k"]:
    """Integral of ``f log f`` up to ``u`` for the density ``f(u) = n u**(n - 1)``."""
    integral: Float64[np.ndarray, " k"] = u**n * (np.log(n) - (n - 1) / n) + (
        n - 1
    ) / n * xlogy(u**n, u**n)
    return integral
