"""The ends of a lattice sum, by multiplication of polynomials with nonnegative coefficients."""

from math import inf

import numpy as np
import numpy.typing as npt
from jaxtyping import Float64, Int64

__all__ = ["LONGEST", "lowest_sums"]

Extended = npt.NDArray[np.longdouble]

# Tilted to the middle of the stretch, its ends are lighter by up to exp(-LONGEST / 2).
LONGEST = 8192 if np.finfo(np.longdouble).maxexp > 10_000 else 512


def lowest_sums(
    log_probs: Extended, index: Int64[np.ndarray, " k"], length: int, *, size: int
) -> Float64[np.ndarray, " m"]:
    """Log-probabilities of the smallest sums of independent draws.

    The generating polynomial is raised to its power by squaring, cut to ``size`` coefficients;
    no term is negative, so each keeps its relative accuracy however rare it is among its
    neighbours. A tilt moves the law to the middle of the stretch, so that nothing underflows.

    Args:
        log_probs: Log-probabilities of the outcomes, finite and normalised, shape ``(k,)``.
        index: What each outcome adds, nonnegative, some of them 0.
        length: Number of draws.
        size: How many sums, from 0 up, at most ``LONGEST``.

    Returns:
        Log-probabilities of the sums 0 to ``size - 1``; ``-inf`` where there is no way to it.

    Example:
        >>> half = np.log(np.array([0.5, 0.5], dtype=np.longdouble))
        >>> np.exp(lowest_sums(half, np.array([0, 2]), 3, size=4))
        array([0.125, 0.   , 0.375, 0.   ])
    """
    theta = _theta(log_probs, index, min(size, length * int(index.max())) / (2 * length))
    exponents = log_probs + theta * index
    log_scale = exponents.max() + np.log(np.exp(exponents - exponents.max()).sum())
    base = np.zeros(min(size, int(index.max()) + 1), dtype=np.longdouble)
    inside = index < base.size
    np.add.at(base, index[inside], np.exp(exponents[inside] - log_scale))
    coefficients = _power(base, length, size)
    with np.errstate(divide="ignore"):
        logs = np.log(coefficients) + length * log_scale - theta * np.arange(coefficients.size)
    result = np.full(size, -np.inf)
    result[: logs.size] = np.minimum(logs, 0.0)
    return result


def _power(base: Extended, exponent: int, size: int) -> Extended:
    result = np.ones(1, dtype=np.longdouble)
    for bit in bin(exponent)[2:]:
        result = np.convolve(result, result)[:size]
        if bit == "1":
            result = np.convolve(result, base)[:size]
    return result


def _theta(log_probs: Extended, index: Int64[np.ndarray, " k"], mean: float) -> float:
    """The tilt under which an outcome adds ``mean``; nothing rests on its digits."""
    low, high = -inf, inf
    theta, step = 0.0, 1.0 / float(index.max() or 1)
    for _ in range(60):
        exponents = log_probs + theta * index
        weights = np.exp(exponents - exponents.max())
        if float(weights @ index) < mean * float(weights.sum()):
            low = theta
        else:
            high = theta
        if low > -inf and high < inf:
            theta = (low + high) / 2
        else:
            theta, step = theta + (step if high == inf else -step), 2 * step
    return theta
