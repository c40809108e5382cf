"""Best-of-N where no two draws tie: what needs the law's shape and what does not."""

from math import expm1, inf, log, pi, sqrt

import numpy as np
from jaxtyping import Float64
from scipy.special import log_ndtr, ndtri_exp

from klimit.core.numerics import exp_minus_linear, log1mexp, log_minus_log1mexp, log_sum_exp

__all__ = ["continuous_kl", "normal_log_decay", "normal_maximum"]

_HALF = log(0.5)


def continuous_kl(log_n: float, log_m: float = 0.0) -> float:
    r"""The divergence of best-of-N from best-of-M without ties.

    .. math:: \log(N / M) - 1 + M / N

    Args:
        log_n: Logarithm of N.
        log_m: Logarithm of M; 0 is the reference policy.

    Returns:
        The divergence in nats.

    Example:
        >>> round(continuous_kl(np.log(2.0)), 9)
        0.193147181
    """
    return float(exp_minus_linear(log_m - log_n)) if log_m - log_n < 700 else inf


def normal_maximum(log_n: float) -> float:
    """The mean of the largest of N standard normals.

    The largest has distribution function ``exp(-e / N)`` with ``e`` of exponential law; in
    ``log e`` the integrand is analytic in a strip, so that the trapezoidal rule converges
    geometrically and 16 digits cost some hundred points at any N.

    Args:
        log_n: Logarithm of N, nonnegative.

    Returns:
        The mean, within ``1e-13`` of its size.

    Example:
        >>> round(normal_maximum(np.log(2.0)), 12)
        0.564189583548
    """
    step = 1.0 / 16.0
    t = np.arange(-46.0, 5.0, step)
    e = np.exp(t)
    if log_n > log(2.0):
        return float(step * (np.exp(t - e) @ _upper_quantile(t - log_n)))
    # few draws: what the draws beyond the first add, e of one draw
    gain = np.expm1(log_n - expm1(log_n) * e)
    return float(step * ((np.exp(t - e) * gain) @ _upper_quantile(t)))


def normal_log_decay(shift: float) -> float:
    r"""``log E[-log F(Z)]`` for the standard normal's ``F`` and a shifted normal ``Z``.

    Args:
        shift: Mean of the normal variate, of variance 1.

    Returns:
        The logarithm of the mean.

    Example:
        >>> round(normal_log_decay(0.0), 12)
        0.0
    """
    step = 1.0 / 32.0
    low, high = min(shift, shift / 2) - 12.0, max(shift, shift / 2) + 12.0
    z = np.arange(low, high, step)
    density = -((z - shift) ** 2) / 2 + log(step / sqrt(2 * pi))
    return log_sum_exp(density + log_minus_log1mexp(log_ndtr(-z)))


def _upper_quantile(log_rate: Float64[np.ndarray, " m"]) -> Float64[np.ndarray, " m"]:
    """The normal quantile at ``exp(-exp(log_rate))``, from the nearer tail."""
    with np.errstate(over="ignore"):
        rate = np.exp(log_rate)
    log_tail = np.where(log_rate < -40.0, log_rate, log1mexp(-rate))
    upper = -ndtri_exp(np.minimum(log_tail, _HALF))
    lower = ndtri_exp(np.minimum(-rate, _HALF))
    return np.asarray(np.where(log_tail < _HALF, upper, lower))
