"""Cumulants and rates of the total reward of responses of random length."""

from math import exp, inf, isnan

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.exact.frontiers import frontier
from klimit.exact.response_divergences import response_divergence
from klimit.exact.tilts import tilt
from klimit.exact.variable_length import VariableLength

__all__ = ["response_cumulants", "response_rate", "response_scaled_cgf"]


def response_scaled_cgf(model: VariableLength, t: float, beta: float) -> float:
    """The cumulant generating function of a response's total under a tilt.

    Args:
        model: The reference policy and its rewards.
        t: Where to evaluate.
        beta: Inverse temperature of the tilt.

    Returns:
        The function in nats; ``inf`` from the critical point on.
    """
    start = tilt(model, beta=beta).cgf
    if t == 0.0:
        return 0.0
    low, high = -model.steps.reflected.critical, model.critical_beta
    beyond = not low < beta + t < high and abs(beta + t) < inf
    if beyond or (model.has_void and beta + t <= 0.0):
        return inf
    return tilt(model, beta=beta + t).cgf - start


def response_rate(model: VariableLength, x: float, beta: float) -> float:
    """The rate function of the mean total of many responses under a tilt.

    Args:
        model: The reference policy and its rewards.
        x: The mean total.
        beta: Inverse temperature of the tilt.

    Returns:
        The rate in nats a response, ``inf`` where no tilt has that mean.
    """
    reference = tilt(model, beta=beta)
    steps, extra = model.steps, model.stop_reward
    low = extra if steps.reflected.critical == inf else -inf
    high = extra if steps.critical == inf else inf
    if model.has_void and x == -inf and beta == 0.0:
        return 0.0
    if not low <= x <= high or abs(x) == inf:
        return inf
    return response_divergence(frontier(model).at_reward(x), reference, model)


def response_cumulants(
    model: VariableLength, beta: float, order: int
) -> Float64[np.ndarray, " m"]:
    r"""The cumulants of a response's total under a tilt.

    .. math:: K(t) = t r_\text{stop} - \log\Big(1 - \sum_{j \ge 1} m_j t^j\Big), \qquad
              m_j = \frac{\mathbf{E} [r^j]}{j! \, q_\text{stop}},

    by the recursion of its coefficients, whose terms are nonnegative where rewards are.

    Args:
        model: The reference policy and its rewards.
        beta: Inverse temperature of the tilt.
        order: The highest order.

    Returns:
        The cumulants, shape ``(order,)``.

    Raises:
        InputError: The tilt does not exist, or its mean reward is ``-inf``.
    """
    if isnan(beta) or (model.has_void and beta == 0.0):
        raise InputError(
            "cumulants need a finite mean reward, and a reward of -inf is possible; take a "
            "positive beta"
        )
    law, steps = model.tilted(beta), model.steps
    q = np.exp(steps.log_probs + law.log_ratio[:-1])
    term, series, moments = q / exp(law.log_stop), np.zeros(order + 1), np.zeros(order + 1)
    for j in range(1, order + 1):
        term = term * steps.rewards / j
        moments[j] = term.sum()
        series[j] = moments[j] + np.arange(1, j) * series[1:j] @ moments[j - 1 : 0 : -1] / j
    factorials = np.cumprod(np.arange(1.0, order + 1))
    found = np.asarray(series[1:] * factorials)
    found[0] += model.stop_reward
    return found
