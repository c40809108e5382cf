"""Sums of independent draws by enumeration of how often each outcome occurs."""

from math import comb

import numpy as np
import numpy.typing as npt
from jaxtyping import Float64, Shaped

__all__ = ["count_types", "merge_equal", "type_sums"]

Extended = npt.NDArray[np.longdouble]

_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188)
_SERIES_FROM = 64  # counts from which five terms of Stirling's series give all digits


def count_types(outcomes: int, length: int) -> int:
    """How many ways there are to share ``length`` draws among the outcomes.

    Args:
        outcomes: Number of outcomes, at least 1.
        length: Number of draws.

    Returns:
        A binomial coefficient.

    Example:
        >>> count_types(3, 2)
        6
    """
    return comb(length + outcomes - 1, outcomes - 1)


def type_sums(
    log_probs: Extended, values: Shaped[np.ndarray, " k"], length: int
) -> tuple[Shaped[np.ndarray, " t"], Float64[np.ndarray, " t"]]:
    r"""The sum and the log-probability of every type.

    A multinomial probability is a product of Poisson probabilities over another,

    .. math:: \prod_j \mathrm{Poisson}(c_j; n p_j) \, / \, \mathrm{Poisson}(n; n),

    each in the form whose terms have one sign.

    Args:
        log_probs: Log-probabilities of the outcomes, finite and normalised, shape ``(k,)``.
        values: What each outcome adds: integers, or extended floats.
        length: Number of draws.

    Returns:
        Sums and log-probabilities, as many as there are types, in no order.

    Example:
        >>> half = np.log(np.array([0.5, 0.5], dtype=np.longdouble))
        >>> sums, logs = type_sums(half, np.array([0, 1]), 2)
        >>> sums, np.exp(logs)
        (array([2, 1, 0]), array([0.25, 0.5 , 0.25]))
    """
    counts = np.arange(length + 1)
    rarity = _log_poisson_rest(counts)
    left = np.array([length])
    logs = np.array([-rarity[length]])
    sums = np.zeros(1, dtype=values.dtype)
    for log_p, value in zip(log_probs[:-1], values[:-1], strict=True):
        logs_here = rarity - _deviance(counts, log_p, length)
        ways = left + 1
        parent = np.repeat(np.arange(left.size), ways)
        drawn = np.arange(parent.size) - np.repeat(np.cumsum(ways) - ways, ways)
        left, logs = left[parent] - drawn, logs[parent] + logs_here[drawn]
        sums = sums[parent] + drawn * value
    logs += (rarity - _deviance(counts, log_probs[-1], length))[left]
    return sums + left * values[-1], np.asarray(np.minimum(logs, 0.0), dtype=np.float64)


def merge_equal(
    sums: Shaped[np.ndarray, " t"], log_masses: Float64[np.ndarray, " t"], *, blur: float
) -> tuple[Shaped[np.ndarray, " l"], Float64[np.ndarray, " l"]]:
    """Sort sums and merge those that are equal.

    Args:
        sums: Sums in any order.
        log_masses: Log-probability of each.
        blur: Difference that rounding may leave between equal sums.

    Returns:
        Distinct sums in increasing order and the log-probability of each.

    Example:
        >>> merge_equal(np.array([2, 1, 2]), np.log([0.25, 0.5, 0.25]), blur=0.0)
        (array([1, 2]), array([-0.69314718, -0.69314718]))
    """
    order = np.argsort(sums, kind="stable")
    values, logs = sums[order], log_masses[order]
    starts = np.flatnonzero(np.append(True, np.diff(values) > blur))
    if starts.size == values.size:
        return values, logs
    top = np.maximum.reduceat(logs, starts)
    sizes = np.diff(np.append(starts, logs.size))
    shares = np.add.reduceat(np.exp(logs - np.repeat(top, sizes)), starts)
    return values[starts], np.where(sizes == 1, top, top + np.log(shares))


def _deviance(counts: npt.NDArray[np.int64], log_p: np.longdouble, length: int) -> Extended:
    """``c log(c / m) + m - c`` with ``m`` the expected count, never negative."""
    log_mean = np.log(np.longdouble(length)) + log_p
    mean = np.exp(log_mean)
    result = np.full(counts.shape, mean, dtype=np.longdouble)
    some = np.asarray(counts[1:], dtype=np.longdouble)
    near = np.abs(some - mean) < mean / 2
    excess = (some[near] - mean) / mean if mean > 0 else some[near]
    result[1:][near] = mean * ((1 + excess) * np.log1p(excess) - excess)
    far = some[~near]
    result[1:][~near] = far * (np.log(far) - log_mean) + mean - far
    return result


def _log_poisson_rest(counts: npt.NDArray[np.int64]) -> Extended:
    """``c log c - c - log c!``, the logarithm of a Poisson probability at its own mean."""
    c = np.asarray(counts, dtype=np.longdouble)
    far = np.maximum(c, _SERIES_FROM)
    series = np.zeros_like(far)
    for term in reversed(_STIRLING):
        series = series / far**2 + np.longdouble(term)
    stirling = -np.log(2 * np.longdouble(np.pi) * far) / 2 - series / far
    few = c[:_SERIES_FROM]
    log_factorial = np.concatenate([[0], np.cumsum(np.log(few[1:]))])
    stirling[: few.size] = few * np.log(np.maximum(few, 1)) - few - log_factorial
    return np.asarray(stirling, dtype=np.longdouble)
