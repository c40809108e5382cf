"""Growth rates of sums: scaled cumulants, cumulants, the rate of large deviations."""

from math import inf

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.core.scalars import count, real
from klimit.exact.exponential import exponential
from klimit.exact.finite import FiniteModel
from klimit.exact.gaussian import GaussianReward
from klimit.exact.level_frontiers import law_at_mean
from klimit.exact.levels import Levels, rescaled
from klimit.exact.markov import Markov
from klimit.exact.perron import chain_rate, chain_scaled_cgf
from klimit.exact.policies import Model, require_model
from klimit.exact.response_rates import response_cumulants, response_rate, response_scaled_cgf
from klimit.exact.tilts import tilt
from klimit.exact.variable_length import VariableLength

__all__ = ["cumulants", "rate", "scaled_cgf", "tilted_levels"]

_HIGHEST = 256  # beyond it cumulants of a bounded reward leave the range of floats
_BLOWN_UP = 4.0  # about where the series of rewards of unit range stops converging


def scaled_cgf(model: Model | Markov, *, t: float, beta: float = 0.0) -> float:
    r"""The scaled cumulant generating function of the reward under a tilt.

    .. math:: \frac1n \log \mathbf{E}_{\pi_\beta^n} e^{t \, r(y^n)}
              = \kappa(\beta + t) - \kappa(\beta)

    the same at every length ``n`` for independent symbols. With ``r = log q`` it is
    ``-t`` times the Renyi cross entropy of order ``1 + t`` of the tilt and ``q``.

    Args:
        model: The law of one symbol and its rewards; a chain, for the limit per
            step; or responses of random length, of which one counts as a symbol.
        t: Where to evaluate, any real number.
        beta: Inverse temperature of the tilt that symbols are drawn from.

    Returns:
        The function in nats per symbol; ``inf`` for negative ``t`` where a reward of ``-inf``
        is drawn.

    Raises:
        InputError: ``t`` or ``beta`` is ``nan``, or the tilt does not exist.

    Example:
        >>> coin = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
        >>> round(scaled_cgf(coin, t=1.0), 9)
        0.620114507

    References:
        Yang, Salamatian, Sun, Suresh, Beirami (2024), Asymptotics of language model alignment.
    """
    t = real("t", t)
    if isinstance(model, Markov):
        return chain_scaled_cgf(model, t, real("beta", beta))
    model = require_model(model)
    if isinstance(model, VariableLength):
        return response_scaled_cgf(model, t, real("beta", beta))
    if isinstance(model, GaussianReward):
        return t * tilt(model, beta=beta).mean_reward + (t * model.std) ** 2 / 2
    levels = tilted_levels(model, beta)
    if levels.has_void and t <= 0.0:
        return 0.0 if t == 0.0 else inf
    attainable = levels.attainable
    law = exponential(attainable, factor=rescaled(t, attainable.exponent))
    return law.cgf - levels.floor_kl


def rate(model: Model | Markov, x: float, *, beta: float = 0.0) -> float:
    r"""The rate function of the mean reward of independent symbols under a tilt.

    .. math:: J_\beta(x) = \sup_t \{ t x - \kappa(\beta + t) + \kappa(\beta) \}
              = \mathrm{KL}(\pi_{\beta_x} \,\|\, \pi_\beta), \qquad \kappa'(\beta_x) = x

    The chance that the mean reward of ``n`` symbols lies near ``x`` falls like
    ``exp(-n J(x))``. Where rewards of ``-inf`` are drawn, that includes the cost of avoiding
    them.

    Args:
        model: The law of one symbol and its rewards; a chain, for the limit per
            step; or responses of random length, of which one counts as a symbol.
        x: The mean reward.
        beta: Inverse temperature of the tilt that symbols are drawn from.

    Returns:
        The rate in nats per symbol: 0 at the tilt's own mean reward, minus the log-probability
        of the extreme at the extremes, ``inf`` outside.

    Raises:
        InputError: ``x`` or ``beta`` is ``nan``, or the tilt does not exist.

    Example:
        >>> coin = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
        >>> round(rate(coin, 0.75), 9)
        0.130812036

    References:
        Cramer's theorem; Dembo, Zeitouni (1998), Large Deviations Techniques, section 2.2.
    """
    x = real("x", x)
    if isinstance(model, Markov):
        return chain_rate(model, x, real("beta", beta))
    model = require_model(model)
    if isinstance(model, VariableLength):
        return response_rate(model, x, real("beta", beta))
    if isinstance(model, GaussianReward):
        return ((x - tilt(model, beta=beta).mean_reward) / model.std) ** 2 / 2
    levels = tilted_levels(model, beta)
    if levels.has_void and x == -inf:
        return 0.0
    attainable = levels.attainable
    if not attainable.rewards[0] <= x <= attainable.rewards[-1]:
        return inf
    return levels.floor_kl + law_at_mean(attainable, x).kl


def cumulants(model: Model, *, beta: float = 0.0, order: int = 4) -> Float64[np.ndarray, " m"]:
    r"""The cumulants of the reward under a tilt, :math:`\kappa^{(j)}(\beta)`.

    Those of the sum over ``n`` independent symbols are ``n`` times as large.

    They come from central moments by the recursion of power series of logarithms, so that an
    absolute error stays near rounding of the largest product of lower cumulants.

    Args:
        model: The law of one symbol and its rewards.
        beta: Inverse temperature of the tilt.
        order: The highest order, from 1 to 256.

    Returns:
        The mean, the variance, the third central moment and so on, shape ``(order,)``.

    Raises:
        InputError: ``order`` is out of range, the tilt does not exist, or its mean reward is
            ``-inf``.

    Example:
        >>> cumulants(FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0]))
        array([ 0.5  ,  0.25 ,  0.   , -0.125])
    """
    order, model = count("order", order), require_model(model)
    if order > _HIGHEST:
        raise InputError(f"order must be at most {_HIGHEST}, got {order}")
    if isinstance(model, VariableLength):
        return response_cumulants(model, real("beta", beta), order)
    if isinstance(model, GaussianReward):
        mean = tilt(model, beta=beta).mean_reward
        return np.array([mean, model.std**2, *np.zeros(max(order - 2, 0))])[:order]
    levels = tilted_levels(model, beta)
    if levels.has_void:
        raise InputError(
            "cumulants need a finite mean reward, and a reward of -inf is possible; "
            "take a positive beta"
        )
    deviation = (levels.scaled - levels.center) * _BLOWN_UP
    term = np.exp(levels.log_masses)
    moments = np.ones(order + 1)
    for j in range(1, order + 1):
        term = term * deviation / j
        moments[j] = term.sum() if j > 1 else 0.0
    series = np.zeros(order + 1)
    for j in range(2, order + 1):
        known = np.arange(1, j) * series[1:j] @ moments[j - 1 : 0 : -1]
        series[j] = moments[j] - known / j
    found = [_in_units(float(series[j]), j, levels.exponent) for j in range(1, order + 1)]
    found[0] = tilt(model, beta=beta).mean_reward
    return np.array(found)


def tilted_levels(model: FiniteModel, beta: float) -> Levels:
    """The law of the reward under a tilt.

    Args:
        model: The reference policy and its rewards.
        beta: Inverse temperature.

    Returns:
        The levels that the tilt can reach.
    """
    policy, levels = tilt(model, beta=beta), model.levels
    if policy.beta == 0.0:
        return levels
    attainable = levels.attainable
    law = exponential(attainable, factor=rescaled(policy.beta, attainable.exponent))
    log_masses = attainable.log_masses + law.log_ratio
    kept = log_masses > -inf
    return Levels(attainable.rewards[kept], log_masses[kept])


def _in_units(coefficient: float, j: int, exponent: int) -> float:
    """The cumulant from the coefficient of its power, in steps that do not overflow."""
    for i in range(1, j + 1):
        coefficient *= i / _BLOWN_UP
    return rescaled(coefficient, j * exponent)
