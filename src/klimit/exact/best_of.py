"""Best-of-N: draw N, keep the one with the largest reward."""

from dataclasses import dataclass
from math import exp, inf
from typing import Literal

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.core.numerics import kl_from_ratio, log1mexp, log_one_minus_exp_ratio
from klimit.core.scalars import log_count
from klimit.exact.continuous import continuous_kl, normal_maximum
from klimit.exact.finite import FiniteModel
from klimit.exact.gaussian import GaussianReward
from klimit.exact.levels import Levels, group, rescaled
from klimit.exact.policies import Law, require_model

__all__ = ["BestOfNLaw", "best_of_n"]


@dataclass(frozen=True, slots=True, eq=False)
class BestOfNLaw(Law):
    """The policy that keeps the best of N draws.

    Attributes:
        log_n: Logarithm of the number of draws.
        log_probs: Log-probabilities of the draw that is kept, shape ``(k,)``; ``None`` where
            the model is continuous.
        mean_reward: Its expected reward.
        shortfall: How far that lies below the largest reward, without cancellation.
        kl: Divergence from the reference policy, in nats.
        kl_bound: ``log n - 1 + 1 / n``, what the divergence is without ties and atoms.
        win_rate: Probability that the draw beats one of the reference policy, ties half.
        log_ratio: Log-probabilities less those of the reference policy, shape ``(k,)``;
            ``None`` where the model is continuous.
        model: The reference policy and its rewards.
    """

    log_n: float
    log_probs: Float64[np.ndarray, " k"] | None
    mean_reward: float
    shortfall: float
    kl: float
    kl_bound: float
    win_rate: float
    log_ratio: Float64[np.ndarray, " k"] | None
    model: FiniteModel | GaussianReward


def best_of_n(
    model: FiniteModel | GaussianReward,
    *,
    n: int | None = None,
    log_n: float | None = None,
    ties: Literal["random", "index"] = "random",
) -> BestOfNLaw:
    r"""The exact law of best-of-N.

    A level of reward with distribution function ``F`` is kept with probability

    .. math:: F^N - F_-^N, \qquad F_- = F(\text{levels below}),

    shared among its outcomes as the reference policy shares it.

    Args:
        model: The reference policy and its rewards.
        n: Number of draws, an integer of any size.
        log_n: Its logarithm instead, any nonnegative number.
        ties: ``"random"``, or ``"index"`` where of equal rewards the outcome that comes first
            is preferred: the same reward at a KL that is never smaller.

    Returns:
        The law; every number keeps its digits at ``log_n`` of a million.

    Raises:
        InputError: ``n`` is no integer or below 1, ``log_n`` is negative or infinite, or
            ``ties`` has another value.

    Example:
        >>> coin = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
        >>> best_of_n(coin, n=2).mean_reward
        0.75
    """
    log_number = log_count(n, log_n)
    if ties not in ("random", "index"):
        raise InputError(f"ties must be 'random' or 'index', got {ties!r}")
    model = require_model(model)
    if isinstance(model, GaussianReward):
        return _continuous(model, log_number)
    levels, shape = model.levels, model.grouping
    ratio = _log_ratio(levels, log_number)
    shortfall, mean = _rewards(levels, log_number)
    before = np.append(0.0, np.exp(levels.log_cdf[:-1]))
    win_rate = np.exp(levels.log_masses + ratio) @ (before + np.exp(levels.log_cdf)) / 2
    if ties == "index":
        shape = group(model.log_probs, model.rewards, split_ties=True)
        ratio = _log_ratio(shape.levels, log_number)
    log_ratio = shape.spread(ratio)
    return BestOfNLaw(
        log_n=log_number,
        log_probs=model.log_probs + log_ratio,
        mean_reward=mean,
        shortfall=shortfall,
        kl=kl_from_ratio(shape.levels.log_masses, ratio),
        kl_bound=continuous_kl(log_number),
        win_rate=float(win_rate),
        log_ratio=log_ratio,
        model=model,
    )


def _log_ratio(levels: Levels, log_n: float) -> Float64[np.ndarray, " k"]:
    r"""``log (F^N - F_-^N) / (F - F_-)`` of each level.

    With ``h = -log F`` and ``d = log F - log F_-`` it is
    :math:`-(N-1) h + \log\left(1 + \frac{1 - e^{-(N-1) d}}{e^d - 1}\right)`, all in logarithms.
    """
    if log_n == 0.0:
        return np.zeros_like(levels.log_masses)
    log_more = log_n + float(log1mexp(-log_n))
    log_d = np.minimum(levels.log_step, 7.0)  # beyond exp(7) the bonus is 0 in any case
    d = np.exp(log_d)
    log_x = log_more + log_d
    # log(e^d - 1) and the bonus of the draws beyond the first, few of them or many
    log_denominator = d + log_d + log_one_minus_exp_ratio(log_d)
    many = log1mexp(-np.exp(np.clip(log_x, 0.0, 7.0))) - log_denominator
    few = log_more + log_one_minus_exp_ratio(np.minimum(log_x, 0.0)) + log_d - log_denominator
    bonus = np.where(log_x > 0.0, many, few)
    with np.errstate(over="ignore"):
        return np.asarray(np.logaddexp(0.0, bonus) - np.exp(log_more + levels.log_decay))


def _rewards(levels: Levels, log_n: float) -> tuple[float, float]:
    """Shortfall and mean reward, as sums over the gaps between levels."""
    if levels.has_void:
        return inf, -inf
    if log_n == 0.0:
        top = float(levels.scaled[-1])
        below = float(np.exp(levels.log_masses) @ (top - levels.scaled))
        return rescaled(below, levels.exponent), levels.mean_reward
    x, gaps = levels.scaled, np.diff(levels.scaled)
    with np.errstate(over="ignore"):
        exponent = np.exp(log_n + levels.log_decay[:-1])
    missed, reached = np.exp(-exponent), -np.expm1(-exponent)
    middle = int(np.searchsorted(missed, 0.5))
    rise = float(gaps[middle:] @ reached[middle:]) - float(gaps[:middle] @ missed[:middle])
    mean = float(x[middle]) + rise
    return rescaled(float(gaps @ missed), levels.exponent), rescaled(mean, levels.exponent)


def _continuous(model: GaussianReward, log_n: float) -> BestOfNLaw:
    kl = continuous_kl(log_n)
    return BestOfNLaw(
        log_n=log_n,
        log_probs=None,
        mean_reward=model.mean + model.std * normal_maximum(log_n),
        shortfall=inf,
        kl=kl,
        kl_bound=kl,
        win_rate=1.0 / (1.0 + exp(-log_n)),
        log_ratio=None,
        model=model,
    )
