"""Best-of-N: draw N, keep the one with the largest reward."""

from dataclasses import dataclass
from math import exp, inf
from typing import Literal

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.core.scalars import log_count
from klimit.exact.continuous import continuous_kl, normal_maximum
from klimit.exact.counts import Fixed
from klimit.exact.finite import FiniteModel
from klimit.exact.gaussian import GaussianReward
from klimit.exact.kept import keep_best
from klimit.exact.policies import Law, Model, require_model
from klimit.exact.responses import finite_law

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
        model: The reference policy and its rewards; for responses of random length the law of
            their total, with a bound on what it leaves out.
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
    model: Model,
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
        InputError: ``n`` is no integer or below 1, ``log_n`` is negative or infinite, ``ties``
            has another value, or responses of random length have too many levels of reward.

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
    finite = finite_law(model, log_n=log_number)
    kept = keep_best(finite, Fixed(log_number), split_ties=ties == "index")
    bounded = isinstance(model, FiniteModel) or model.critical_beta == inf
    return BestOfNLaw(
        log_n=log_number,
        log_probs=finite.log_probs + kept.log_ratio,
        mean_reward=kept.mean_reward,
        shortfall=kept.shortfall if bounded else inf,
        kl=kept.kl,
        kl_bound=continuous_kl(log_number),
        win_rate=kept.win_rate,
        log_ratio=kept.log_ratio,
        model=finite,
    )


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
