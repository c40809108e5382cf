"""The mean reward of best-of-N with its interval, and what makes that doubtful."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64
from scipy.special import stdtrit

from klimit.core.results import Estimate, Result
from klimit.estimate.best_of.pools import Pools
from klimit.estimate.best_of.rare import (
    DECIDED,
    decided_by_few,
    draws_off_the_common_reward,
    shortfall_moments,
    too_rare,
)
from klimit.estimate.interval import skewness_of
from klimit.estimate.within_prompts import WithinPrompts, skewed_interval

__all__ = ["RewardInterval", "reward_interval"]

_SKEWED = 0.3  # skewness of a mean from which rare low values may have gone unseen


@dataclass(frozen=True, slots=True, eq=False)
class RewardInterval(Result):
    """A mean reward and whether its interval is to be trusted.

    Attributes:
        reward: The mean over prompts.
        doubt: Why the draws do not bear the interval, in words; empty where they do.
    """

    reward: Estimate
    doubt: str


def reward_interval(pools: Pools, n: int, *, prompts: str, level: float) -> RewardInterval:
    """Mean reward of best-of-N over the prompts that have ``n`` draws.

    Student's interval is widened for skewness, which is itself known to an error only and is
    taken with it; near a ceiling the skewness is what drawing again would show.

    Args:
        pools: The sorted rewards of every prompt.
        n: Number of draws of which the best is kept.
        prompts: ``"sampled"`` or ``"fixed"``.
        level: Nominal coverage, in (0, 1).

    Returns:
        The estimate, and what speaks against its interval.

    Raises:
        InsufficientDataError: One prompt, where prompts are sampled.
    """
    enough = pools.counts >= n
    values = pools.best_of(n, errors=prompts == "fixed").only(enough)
    reward = values.mean(prompts=prompts, level=level)
    missed = shortfall_moments(pools, n, prompts=enough)
    skewness = values.skewness(prompts=prompts)
    near = _ceiling_skewness(values, missed, prompts)
    reward = _widened(reward, values, (skewness, near), prompts)
    lowest = min(skewness, near, values.skewness(prompts="sampled"))
    if reward.standard_error == 0 or lowest < -_SKEWED:
        reward = _unseen(reward, pools, values, enough, n)
    return RewardInterval(reward, _doubt(pools, reward, skewness, near))


def _ceiling_skewness(
    values: WithinPrompts, missed: Float64[np.ndarray, "2 p"], prompts: str
) -> float:
    """Skewness of the mean that what misses a ceiling gives it, where nothing else varies."""
    seen = (
        values.variances if prompts == "fixed" else (values.values - values.values.mean()) ** 2
    )
    variance = max(float(seen.sum()), float(missed[0].sum()))
    return skewness_of(-float(missed[1].sum()), variance)


def _widened(
    reward: Estimate, values: WithinPrompts, skewness: tuple[float, float], prompts: str
) -> Estimate:
    """For sampled prompts, reach as far as any skewness within its error would have it.

    The error counts up to a moderate skewness only: beyond it the transformation diverges.
    """
    p, stderr = values.values.size, reward.standard_error
    if prompts == "fixed" or not 0 < stderr < np.inf:
        return reward
    gap = values.values - values.values.mean()
    gap /= np.abs(gap).max() or 1.0
    error = float(np.sqrt((gap**6).sum()) / (gap**2).sum() ** 1.5)
    quantile = float(stdtrit(p - 1.0, 0.5 + reward.level / 2))
    doubted = np.clip([skewness[0] - error, skewness[0] + error], -_SKEWED, _SKEWED)
    guesses = (*skewness, *doubted.tolist())
    reaches = [skewed_interval(quantile, guess) for guess in guesses]
    below, above = (max(side) * stderr for side in zip(*reaches, strict=True))
    return replace(
        reward,
        low=min(reward.low, reward.value - below),
        high=max(reward.high, reward.value + above),
    )


def _unseen(
    reward: Estimate,
    pools: Pools,
    values: WithinPrompts,
    enough: Bool[np.ndarray, " p"],
    n: int,
) -> Estimate:
    """Reach down to what the draws have not shown.

    Drawing again with replacement shows rare low values within prompts; where every prompt
    gives the same, the share of others is bounded as by the rule of three.
    """
    unseen = max(float((values.values - pools.best_of_redrawn(n)[enough]).mean()), 0.0)
    low = reward.low - unseen
    if reward.standard_error == 0:
        tail = (1 - reward.level) / 2
        other = 1 - tail ** (1 / values.values.size)
        low = min(low, reward.value - other * (reward.value - float(pools.rewards.min())))
    return replace(reward, low=low)


def _doubt(pools: Pools, reward: Estimate, skewness: float, near: float) -> str:
    draws = len(pools.rewards)
    if reward.standard_error == 0 and draws > 1:
        return "every prompt gives the same reward, so the draws tell no error"
    if rare := too_rare(draws_off_the_common_reward(pools), draws):
        return rare
    if near < -DECIDED:
        return "nearly all reach the ceiling: those that miss it are too rare for an error"
    return decided_by_few(skewness)
