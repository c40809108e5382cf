"""Exponential tilts, the optimal policies of KL-regularised alignment."""

from dataclasses import dataclass, replace
from math import inf

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.core.scalars import real
from klimit.exact.exponential import TiltedLevels, exponential
from klimit.exact.finite import FiniteModel
from klimit.exact.gaussian import GaussianReward
from klimit.exact.levels import rescaled
from klimit.exact.policies import Law, Model, require_model
from klimit.exact.steps import TiltedSteps
from klimit.exact.variable_length import VariableLength

__all__ = ["Tilt", "conditional", "response_tilt", "tilt"]


@dataclass(frozen=True, slots=True, eq=False)
class Tilt(Law):
    """The policy that spends its divergence best.

    Attributes:
        beta: Inverse temperature, the factor on the reward, in nats per unit of reward.
        log_probs: Log-probabilities of the tilted policy, shape ``(k,)``; ``None`` where the
            outcomes are infinitely many.
        cgf: Cumulant generating function of the reward at ``beta``, in nats.
        mean_reward: Expected reward of the tilted policy.
        gain: How far that lies above the reference policy's.
        variance: Variance of the reward under the tilted policy.
        kl: Divergence from the reference policy, in nats.
        log_ratio: Log-probabilities less those of the reference policy, kept apart since it
            keeps digits that ``log_probs`` cannot; ``None`` where there are infinitely many.
        model: The reference policy and its rewards.
    """

    beta: float
    log_probs: Float64[np.ndarray, " k"] | None
    cgf: float
    mean_reward: float
    gain: float
    variance: float
    kl: float
    log_ratio: Float64[np.ndarray, " k"] | None
    model: Model


def tilt(model: Model, *, beta: float) -> Tilt:
    r"""Tilt the reference policy towards reward.

    .. math:: \pi_\beta(y) = p(y) \, e^{\beta r(y) - \kappa(\beta)},
              \qquad \kappa(\beta) = \log \mathbf{E}_p\, e^{\beta r(Y)} .

    It attains the largest expected reward of any policy within the same divergence of ``p``.

    Args:
        model: The reference policy and its rewards.
        beta: Inverse temperature, the factor on the reward. 0 returns the reference policy,
            ``inf`` the reference policy given the largest reward, negative values minimise
            reward.

    Returns:
        The tilted policy with its cumulant generating function, mean reward and divergence. For
        an infinite ``beta`` the generating function is its limit, which is infinite unless
        the extreme reward is 0.

    Raises:
        InputError: ``beta`` is ``nan``; it is negative where a reward is ``-inf``, infinite
            where the reward has no largest value, or beyond the critical one of responses of
            random length.

    Example:
        >>> coin = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
        >>> round(tilt(coin, beta=np.log(3.0)).mean_reward, 12)
        0.75

    References:
        Yang, Salamatian, Sun, Suresh, Beirami (2024), Asymptotics of language model alignment.
    """
    beta = real("beta", beta)
    model = require_model(model)
    if isinstance(model, GaussianReward):
        return _gaussian(model, beta)
    if isinstance(model, VariableLength):
        if beta == 0.0 and model.has_void:
            return _reference(model)
        return response_tilt(model, model.tilted(beta))
    if model.levels.has_void:
        if beta < 0:
            raise InputError(
                f"beta must not be negative where a reward is -inf, got {beta}: the policy "
                "that avoids reward would be drawn to what must not be"
            )
        if beta == 0:
            return _reference(model)
    attainable = model.levels.attainable
    law = exponential(attainable, factor=rescaled(beta, attainable.exponent))
    return replace(conditional(model, law), beta=beta)


def conditional(model: FiniteModel, law: TiltedLevels) -> Tilt:
    """The tilt of the reference policy given a finite reward, its limit as ``beta`` falls to 0.

    Args:
        model: The reference policy and its rewards.
        law: The tilted law of its attainable levels.

    Returns:
        The tilted policy; its divergence is at least the floor.
    """
    levels = model.levels
    unit = levels.attainable.exponent
    ratio = law.log_ratio + levels.floor_kl
    log_ratio = model.spread(np.append(-inf, ratio) if levels.has_void else ratio)
    return Tilt(
        beta=rescaled(law.factor, -unit),
        log_probs=model.log_probs + log_ratio,
        cgf=law.cgf - levels.floor_kl,
        mean_reward=rescaled(law.mean, unit),
        gain=inf if levels.has_void else rescaled(law.gain, unit),
        variance=rescaled(law.variance, 2 * unit),
        kl=law.kl + levels.floor_kl,
        log_ratio=log_ratio,
        model=model,
    )


def response_tilt(model: VariableLength, law: TiltedSteps) -> Tilt:
    """The tilt of responses of random length from that of their steps.

    Args:
        model: The reference policy and its rewards.
        law: The tilted step of the responses of finite reward.

    Returns:
        The tilted policy; its divergence is at least the floor.
    """
    at_stop = law.beta * model.stop_reward if model.stop_reward and law.beta else 0.0
    return Tilt(
        beta=law.beta,
        log_probs=None,
        cgf=at_stop + law.cgf - model.floor_kl,
        mean_reward=model.stop_reward + law.mean,
        gain=inf if model.has_void else law.gain,
        variance=law.variance,
        kl=law.kl + model.floor_kl,
        log_ratio=None,
        model=model,
    )


def _reference(model: FiniteModel | VariableLength) -> Tilt:
    """The reference policy itself where rewards of ``-inf`` keep it from being a limit."""
    return Tilt(
        beta=0.0,
        log_probs=model.log_probs if isinstance(model, FiniteModel) else None,
        cgf=0.0,
        mean_reward=-inf,
        gain=0.0,
        variance=inf,
        kl=0.0,
        log_ratio=np.zeros(len(model)) if isinstance(model, FiniteModel) else None,
        model=model,
    )


def _gaussian(model: GaussianReward, beta: float) -> Tilt:
    if abs(beta) == inf:
        raise InputError(f"beta must be finite for a Gaussian reward, got {beta}")
    shift = beta * model.std
    return Tilt(
        beta=beta,
        log_probs=None,
        cgf=beta * model.mean + shift**2 / 2,
        mean_reward=model.mean + shift * model.std,
        gain=shift * model.std,
        variance=model.std**2,
        kl=shift**2 / 2,
        log_ratio=None,
        model=model,
    )
