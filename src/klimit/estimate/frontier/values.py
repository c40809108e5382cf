"""The frontier's reward of every prompt at one budget, and what is known of its error."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64, Int64

from klimit.core.results import Result
from klimit.estimate.frontier.extremes import Extremes
from klimit.estimate.frontier.sums import Sums, TiltSums

__all__ = [
    "Carried",
    "Values",
    "ceilings",
    "values_at_ceiling",
    "values_at_zero",
    "values_near_zero",
]

LEAST_KL = 1e-6  # nats: what smaller budgets buy is lost in the rounding of a cgf


@dataclass(frozen=True, slots=True, eq=False)
class Carried(Result):
    """How the draws carry a budget.

    Attributes:
        decay: The bias falls like ``m ** -decay`` with the number of draws.
        ess: Effective number of draws a prompt that carry the values.
        reached: Which prompts are at their best draws, shape ``(p,)``.
        alone: How far one prompt decides that number: 1 where it does, 0 where many do.
    """

    decay: float
    ess: float
    reached: Bool[np.ndarray, " p"]
    alone: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Values(Result):
    """Rewards at one budget.

    Attributes:
        beta: Inverse temperature of each prompt, ``inf`` at its ceiling, shape ``(p,)``, or one
            common to all, shape ``(1,)``.
        rewards: The reward of each prompt, its bias removed, shape ``(p,)``.
        variances: Variances over the draws, shape ``(p,)``.
        thirds: Third power sums of the draws' influences, shape ``(p,)``.
        fourths: Fourth power sums of the draws' influences, shape ``(p,)``.
        doubt: Standard error of the bias that may remain, in units of the reward.
        upward: The same for a bias that falls slower than it seems, the truth being higher.
        downward: How far below the mean reward may be, where a ceiling may be missed.
        carried: How the draws carry them.
        overdone: As ``upward``, for a bias that falls faster: the truth may be lower.
    """

    beta: Float64[np.ndarray, " b"]
    rewards: Float64[np.ndarray, " p"]
    variances: Float64[np.ndarray, " p"]
    thirds: Float64[np.ndarray, " p"]
    fourths: Float64[np.ndarray, " p"]
    doubt: float
    upward: float
    downward: float
    carried: Carried
    overdone: float = 0.0


def ceilings(seen: Extremes) -> Float64[np.ndarray, " p"]:
    """The KL at which each prompt's reward reaches its best draws, in nats.

    Args:
        seen: The best rewards of every prompt.

    Returns:
        Estimates of minus the logarithm of the best reward's probability, the jackknife's bias
        removed where several draws share it, shape ``(p,)``.
    """
    m, tied = seen.counts.astype(np.float64), seen.tied.astype(np.float64)
    several = np.maximum(tied, 2.0)
    rest = np.maximum(m - 1, 1.0)
    bias = -several * np.log1p(-1 / several) * rest / m - rest * np.log(np.maximum(m, 2) / rest)
    kl = np.log(m / tied) - np.where((tied > 1) & (tied < m), bias, 0.0)
    return np.asarray(np.maximum(kl, 0.0))


def values_near_zero(zero: Values, near: Values, *, share: float) -> Values:
    r"""The rewards at a budget so small that rounding would hide it.

    There the rewards rise by :math:`\sqrt{2\,\mathrm{kl}\,\mathrm{Var}(r)}`, like the root.

    Args:
        zero: The rewards of the reference policy itself.
        near: Those at a budget that is small as well, but told from 0.
        share: The root of the budget's share of that one.

    Returns:
        The rewards between the two.
    """
    return replace(
        near,
        beta=share * near.beta,
        rewards=zero.rewards + share * (near.rewards - zero.rewards),
        doubt=share * near.doubt,
        upward=share * near.upward,
        downward=share * near.downward,
        overdone=share * near.overdone,
    )


def values_at_zero(plain: TiltSums, *, counts: Int64[np.ndarray, " p"]) -> Values:
    """The rewards of the reference policy itself.

    Args:
        plain: Sums over the draws under no tilt.
        counts: Number of draws of each prompt, shape ``(p,)``.

    Returns:
        The plain means.
    """
    p, m = counts.size, counts.astype(np.float64)
    variances = np.where(m > 1, plain.variance / np.maximum(m - 1, 1), np.inf)
    return Values(
        beta=np.zeros(1),
        rewards=plain.reward,
        variances=variances,
        thirds=np.zeros(p),
        fourths=np.where(m > 1, 3 * plain.variance**2 / m**3, 0.0),
        doubt=0.0,
        upward=0.0,
        downward=0.0,
        carried=Carried(1.0, float(1 / (1 / m).mean()), np.zeros(p, dtype=np.bool_)),
    )


def values_at_ceiling(sums: Sums, *, downward: float) -> Values:
    """The best rewards of all prompts.

    Args:
        sums: Draws made ready.
        downward: How far below them the mean reward may be.

    Returns:
        The best rewards, with no error over the draws.
    """
    p = sums.counts.size
    return Values(
        beta=np.full(1, np.inf),
        rewards=sums.best[:, 0].copy(),
        variances=np.zeros(p),
        thirds=np.zeros(p),
        fourths=np.zeros(p),
        doubt=0.0,
        upward=0.0,
        downward=downward,
        carried=Carried(1.0, float(1 / (1 / sums.tied).mean()), np.ones(p, dtype=np.bool_)),
    )
