"""The law of the best of several draws, by the generating function of their number."""

from dataclasses import dataclass
from math import inf

import numpy as np
from jaxtyping import Float64

from klimit.core.numerics import kl_from_ratio
from klimit.exact.counts import Count
from klimit.exact.finite import FiniteModel
from klimit.exact.levels import Levels, group, rescaled

__all__ = ["Kept", "keep_best", "win_rate"]


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """The law of the best draw.

    Attributes:
        log_ratio: Log-probabilities less those of the reference policy, shape ``(k,)``.
        mean_reward: Its expected reward.
        shortfall: How far that lies below the largest reward.
        kl: Divergence from the reference policy, in nats.
        win_rate: Probability of beating a draw of the reference policy, ties half.
    """

    log_ratio: Float64[np.ndarray, " k"]
    mean_reward: float
    shortfall: float
    kl: float
    win_rate: float


def keep_best(model: FiniteModel, draws: Count, *, split_ties: bool) -> Kept:
    """Keep the best of several draws.

    Args:
        model: The reference policy and its rewards.
        draws: The number of draws.
        split_ties: Whether among equal rewards the first outcome is preferred; else ties are
            broken at random.

    Returns:
        The law of what is kept.
    """
    levels, grouping = model.levels, model.grouping
    ratio = draws.log_ratio(levels)
    rate = win_rate(levels, ratio)
    mean_reward, shortfall = _rewards(levels, draws)
    if split_ties:
        grouping = group(model.log_probs, model.rewards, split_ties=True)
        ratio = draws.log_ratio(grouping.levels)
    return Kept(
        log_ratio=grouping.spread(ratio),
        mean_reward=mean_reward,
        shortfall=shortfall,
        kl=kl_from_ratio(grouping.levels.log_masses, ratio),
        win_rate=rate,
    )


def win_rate(levels: Levels, log_ratio: Float64[np.ndarray, " k"]) -> float:
    """The chance that a draw beats one of the reference policy, ties half.

    Args:
        levels: The law of the reward under the reference policy.
        log_ratio: Log-masses of the draw's levels less those of the reference policy.

    Returns:
        The probability.
    """
    upto = np.exp(levels.log_cdf)
    middle = (np.append(0.0, upto[:-1]) + upto) / 2
    return float(np.exp(levels.log_masses + log_ratio) @ middle)


def _rewards(levels: Levels, draws: Count) -> tuple[float, float]:
    """Mean reward and shortfall as sums over the gaps between levels, without cancellation."""
    if levels.has_void:
        return -inf, inf
    x, gaps = levels.scaled, np.diff(levels.scaled)
    missed, reached = draws.missed(levels)[:-1], draws.reached(levels)[:-1]
    middle = int(np.searchsorted(missed, 0.5))
    rise = float(gaps[middle:] @ reached[middle:]) - float(gaps[:middle] @ missed[:middle])
    mean, shortfall = float(x[middle]) + rise, float(gaps @ missed)
    return rescaled(mean, levels.exponent), rescaled(shortfall, levels.exponent)
