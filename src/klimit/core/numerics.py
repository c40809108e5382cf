"""Log-space arithmetic that keeps its digits."""

from math import factorial, log

import numpy as np
from jaxtyping import Float64

__all__ = [
    "exp_minus_linear",
    "jeffreys",
    "kl_between",
    "kl_from_ratio",
    "log1mexp",
    "log_cumsum_exp",
    "log_minus_log1mexp",
    "log_one_minus_exp_ratio",
    "log_sum_exp",
]

_HALF = log(0.5)
_SPAN = 600.0  # masses this many nats apart still share one linear scale
_SERIES = 0.1  # below it closed forms lose digits and a short series does not
_EXP_SERIES = [2.0 / factorial(j + 2) for j in range(12)]
_KL_SERIES = [2.0 * (j + 1) / factorial(j + 2) for j in range(12)]


def log1mexp(x: Float64[np.ndarray, "*s"] | float) -> Float64[np.ndarray, "*s"]:
    """``log(1 - exp(x))`` for ``x <= 0``, accurate at both ends.

    Args:
        x: Nonpositive logarithms, any shape.

    Returns:
        The logarithm of the complement, same shape; ``-inf`` where ``x`` is 0.

    Example:
        >>> float(log1mexp(np.array(-1e-20)))
        -46.051701859880914

    References:
        Maechler (2012), Accurately computing log(1 - exp(-|a|)).
    """
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(x > _HALF, np.log(-np.expm1(x)), np.log1p(-np.exp(x))))


def log_minus_log1mexp(x: Float64[np.ndarray, "*s"] | float) -> Float64[np.ndarray, "*s"]:
    """``log(-log(1 - exp(x)))`` for ``x <= 0``: how fast powers of ``1 - exp(x)`` decay.

    Args:
        x: Nonpositive logarithms, any shape.

    Returns:
        The iterated logarithm; it tends to ``x`` as ``x`` falls and is ``inf`` at 0.

    Example:
        >>> float(log_minus_log1mexp(np.array(-1e5)))
        -100000.0
    """
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(x < -40.0, x, np.log(-log1mexp(np.maximum(x, -40.0)))))


def log_one_minus_exp_ratio(
    log_x: Float64[np.ndarray, "*s"] | float,
) -> Float64[np.ndarray, "*s"]:
    """``log((1 - exp(-x)) / x)`` for ``x > 0`` given by its logarithm.

    Args:
        log_x: Logarithms, any shape, of either sign and any size.

    Returns:
        The logarithm of the ratio, between ``-log_x`` and 0.

    Example:
        >>> float(log_one_minus_exp_ratio(0.0))
        -0.45867514538708193
    """
    x = np.exp(np.minimum(log_x, 700.0))
    near = np.minimum(x, 0.01)
    series = near * (-0.5 + near * (1 / 24 - near**2 / 2880))
    far = np.maximum(x, 0.01)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(x < 0.01, series, np.log(-np.expm1(-far)) - log_x))


def exp_minus_linear(a: Float64[np.ndarray, "*s"] | float) -> Float64[np.ndarray, "*s"]:
    """``exp(a) - 1 - a``, never negative and without cancellation.

    Args:
        a: Exponents, any shape.

    Returns:
        The remainder, same shape.

    Example:
        >>> float(exp_minus_linear(-1e-100))
        5e-201
    """
    flat = np.ravel(a)
    result = np.expm1(flat) - flat
    near = np.flatnonzero(np.abs(flat) < _SERIES)
    small = flat[near]
    result[near] = small**2 / 2 * np.polyval(_EXP_SERIES[::-1], small)
    return np.asarray(result.reshape(np.shape(a)))


def log_sum_exp(x: Float64[np.ndarray, " k"]) -> float:
    """The logarithm of a sum of exponentials.

    Args:
        x: Logarithms, shape ``(k,)``; ``-inf`` adds nothing.

    Returns:
        The logarithm of the sum; ``-inf`` where there is nothing to add.

    Example:
        >>> log_sum_exp(np.array([-1000.0, -1000.0]))
        -999.3068528194401
    """
    top = float(x.max(initial=-np.inf))
    return top + log(float(np.exp(x - top).sum())) if np.isfinite(top) else top


def log_cumsum_exp(x: Float64[np.ndarray, " k"]) -> Float64[np.ndarray, " k"]:
    """Logarithms of the running sums of exponentials, each to full relative accuracy.

    Sums run in linear scale, with extra bits where the machine has them, and the scale moves
    whenever the running maximum has risen by hundreds of nats: a million terms cost a million
    additions, and terms of ``exp(-1e6)`` keep their digits.

    Args:
        x: Logarithms, shape ``(k,)``; ``-inf`` adds nothing.

    Returns:
        Running logarithms, shape ``(k,)``.

    Example:
        >>> log_cumsum_exp(np.log(np.array([0.25, 0.25, 0.5])))
        array([-1.38629436, -0.69314718,  0.        ])
    """
    running = np.maximum.accumulate(x)
    finite = np.flatnonzero(running > -np.inf)
    result = np.full(x.shape, -np.inf)
    if finite.size == 0:
        return result
    start, carry, scale = int(finite[0]), np.longdouble(0.0), 0.0
    while start < x.size:
        high = running[start] + _SPAN
        stop = start + int(np.searchsorted(running[start:], high, side="right"))
        # between the first and the last of this stretch nothing underflows that matters
        shift = float(running[stop - 1])
        if carry > 0:
            carry *= np.exp(np.longdouble(scale - shift))
        sums = np.cumsum(np.exp(x[start:stop] - shift), dtype=np.longdouble) + carry
        result[start:stop] = np.asarray(np.log(sums), dtype=np.float64) + shift
        carry, scale, start = sums[-1], shift, stop
    return result


def kl_from_ratio(
    log_base: Float64[np.ndarray, " k"], log_ratio: Float64[np.ndarray, " k"]
) -> float:
    r"""The divergence of ``q`` from ``p``, given ``p`` and the ratio of the two.

    .. math:: \mathrm{KL}(q \,\|\, p) = \sum_i p_i \, f(u_i), \qquad
              f(u) = u e^u - e^u + 1 \ge 0, \quad u = \log q - \log p .

    No term is negative, so nothing cancels; an error common to all ``u`` (a normalisation)
    enters at first order only in proportion to the divergence itself.

    Args:
        log_base: Log-probabilities of ``p``, shape ``(k,)``.
        log_ratio: ``log q - log p``, shape ``(k,)``; ``-inf`` where ``q`` has no mass.

    Returns:
        The divergence in nats; ``inf`` if a ratio is ``inf``.

    Example:
        >>> u = np.array([1e-9, -1e-9])
        >>> kl_from_ratio(np.log(np.array([0.5, 0.5])), u)
        5e-19
    """
    log_q = log_base + np.clip(log_ratio, -1e300, 1e300)
    return kl_between(log_q, log_base, log_ratio)


def kl_between(
    log_q: Float64[np.ndarray, " k"],
    log_p: Float64[np.ndarray, " k"],
    log_ratio: Float64[np.ndarray, " k"],
) -> float:
    """The divergence of ``q`` from ``p``, given both and their ratio.

    As `kl_from_ratio` where ``log q`` is known better than as a sum: next to a ``p`` of
    ``exp(-1e19)`` the sum has no digits left.

    Args:
        log_q: Log-probabilities of ``q``, shape ``(k,)``.
        log_p: Log-probabilities of ``p``, shape ``(k,)``.
        log_ratio: ``log q - log p``, shape ``(k,)``; ``-inf`` where ``q`` has no mass.

    Returns:
        The divergence in nats; ``inf`` if a ratio is ``inf``.

    Example:
        >>> log_q, log_p = np.array([-700.0, 0.0]), np.array([-1e19, 0.0])
        >>> kl_between(log_q, log_p, log_q - log_p) == 1e19 * float(np.exp(-700.0))
        True
    """
    if np.any(log_ratio == np.inf):
        return float("inf")
    base = np.exp(log_p)
    u = np.maximum(log_ratio, -1e300)
    terms = np.exp(log_q) * (u - 1.0) + base
    near = np.flatnonzero(np.abs(u) < _SERIES)
    small = u[near]
    terms[near] = base[near] * small**2 / 2 * np.polyval(_KL_SERIES[::-1], small)
    return float(terms.sum())


def jeffreys(
    log_base: Float64[np.ndarray, " k"], log_ratio: Float64[np.ndarray, " k"]
) -> float:
    r"""The sum of both divergences, :math:`\sum_i (q_i - p_i) u_i`, all terms nonnegative.

    Args:
        log_base: Log-probabilities of ``p``, shape ``(k,)``.
        log_ratio: Finite ``u = log q - log p``, shape ``(k,)``.

    Returns:
        The divergence of Jeffreys in nats.

    Example:
        >>> jeffreys(np.log(np.array([0.5, 0.5])), np.array([1e-9, -1e-9]))
        1e-18
    """
    near = np.exp(log_base) * np.expm1(np.minimum(log_ratio, 1.0))
    far = np.exp(log_base + log_ratio) - np.exp(log_base)
    return float((np.where(log_ratio <= 1.0, near, far) * log_ratio).sum())
