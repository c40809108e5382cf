"""Best of a random number of draws."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, log

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.exact.counts import Count, Custom
from klimit.exact.finite import FiniteModel
from klimit.exact.gaussian import GaussianReward
from klimit.exact.kept import keep_best
from klimit.exact.policies import Law, require_model
from klimit.exact.responses import finite_law
from klimit.exact.variable_length import VariableLength

__all__ = ["RandomBestOfNLaw", "random_best_of_n"]


@dataclass(frozen=True, slots=True, eq=False)
class RandomBestOfNLaw(Law):
    """The policy that keeps the best of a random number of draws.

    Attributes:
        log_probs: Log-probabilities of the draw that is kept, shape ``(k,)``.
        mean_reward: Its expected reward.
        shortfall: How far that lies below the largest reward.
        kl: Divergence from the reference policy, in nats.
        win_rate: Probability that the draw beats one of the reference policy, ties half.
        log_ratio: Log-probabilities less those of the reference policy, shape ``(k,)``.
        model: The reference policy and its rewards.
    """

    log_probs: Float64[np.ndarray, " k"]
    mean_reward: float
    shortfall: float
    kl: float
    win_rate: float
    log_ratio: Float64[np.ndarray, " k"]
    model: FiniteModel


def random_best_of_n(
    model: FiniteModel | VariableLength, *, pgf: Count | Callable[[float], float]
) -> RandomBestOfNLaw:
    r"""The exact law of the best of a random number of draws, ties broken at random.

    A level of reward with distribution function ``F`` is kept with probability
    :math:`G(F) - G(F_-)`, where ``G`` is the generating function of the number.

    Args:
        model: The reference policy and its rewards.
        pgf: :func:`zero_truncated_poisson`, :func:`one_plus_poisson` or :func:`geometric`,
            which keep their digits everywhere; or any generating function of a number that is
            never 0, called with one float at a time, which is right within rounding of 1.

    Returns:
        The law.

    Raises:
        InputError: ``model`` is no finite one, or ``pgf`` is not 0 at 0 and 1 at 1.

    Example:
        >>> from klimit import geometric
        >>> coin = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
        >>> round(random_best_of_n(coin, pgf=geometric(0.5)).mean_reward, 9)
        0.666666667
    """
    if isinstance(require_model(model), GaussianReward):
        raise InputError("random_best_of_n needs a model with levels, got a GaussianReward")
    number = _number(pgf)
    finite = finite_law(model, log_n=log(number.mean))
    kept = keep_best(finite, number, split_ties=False)
    bounded = isinstance(model, FiniteModel) or model.critical_beta == inf
    return RandomBestOfNLaw(
        log_probs=finite.log_probs + kept.log_ratio,
        mean_reward=kept.mean_reward,
        shortfall=kept.shortfall if bounded else inf,
        kl=kept.kl,
        win_rate=kept.win_rate,
        log_ratio=kept.log_ratio,
        model=finite,
    )


def _number(pgf: Count | Callable[[float], float]) -> Count:
    if isinstance(pgf, Count):
        return pgf
    if not callable(pgf):
        raise InputError(f"pgf must be a generating function, got {type(pgf).__name__}")
    ends = float(pgf(0.0)), float(pgf(1.0))
    if not (abs(ends[0]) <= 1e-12 and abs(ends[1] - 1.0) <= 1e-12):
        raise InputError(
            "pgf must be 0 at 0, since one draw at least is needed, and 1 at 1; got "
            f"{ends[0]:g} and {ends[1]:g}"
        )
    return Custom(pgf)
