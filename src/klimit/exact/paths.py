"""Sums of rewards along paths of a chain, one by one, and the extreme ones at any length."""

import numpy as np
from jaxtyping import Float64, Int64, Shaped

from klimit.exact.multinomial import merge_equal

__all__ = ["lowest_path_sum", "lowest_path_sums", "path_sums"]


def path_sums(  # noqa: PLR0913 - a chain is three arrays
    log_start: Float64[np.ndarray, " s"],
    log_steps: Float64[np.ndarray, "s s"],
    values: Shaped[np.ndarray, "s s"],
    length: int,
    *,
    blur: float,
    most: float,
) -> tuple[Shaped[np.ndarray, " l"], Float64[np.ndarray, " l"]] | None:
    """The law of the sum along a path, step by step, equal sums in one state merged.

    Args:
        log_start: Log-probabilities of the first state.
        log_steps: Log-probabilities of steps; ``-inf`` where there is none.
        values: What each step adds: integers, or extended floats.
        length: Number of steps.
        blur: Difference that rounding may leave between equal sums.
        most: How many sums may be handled in all.

    Returns:
        Distinct sums in increasing order and their log-probabilities, none where there is no
        path; or ``None`` where more than ``most`` would have to be handled.

    Example:
        >>> half = np.log(np.full((2, 2), 0.5))
        >>> path_sums(half[0], half, np.array([[0, 1], [0, 1]]), 2, blur=0.0, most=100)
        (array([0, 1, 2]), array([-1.38629436, -0.69314718, -1.38629436]))
    """
    states = range(log_start.size)
    zero = np.zeros(1, dtype=values.dtype)
    sums = {i: zero for i in states if log_start[i] > -np.inf}
    logs = {i: log_start[i : i + 1] for i in sums}
    handled = 0
    for _ in range(length):
        found: dict[int, np.ndarray] = {}
        masses: dict[int, np.ndarray] = {}
        for j in states:
            before = [i for i in sums if log_steps[i, j] > -np.inf]
            if not before:
                continue
            found[j], masses[j] = merge_equal(
                np.concatenate([sums[i] + values[i, j] for i in before]),
                np.concatenate([logs[i] + log_steps[i, j] for i in before]),
                blur=blur,
            )
            handled += sum(sums[i].size for i in before)
            if handled > most:
                return None
        sums, logs = found, masses
    if not sums:
        return zero[:0], np.zeros(0)
    every = [np.concatenate(list(x.values())) for x in (sums, logs)]
    return merge_equal(every[0], every[1], blur=blur)


def lowest_path_sum(
    log_start: Float64[np.ndarray, " s"],
    log_steps: Float64[np.ndarray, "s s"],
    values: Int64[np.ndarray, "s s"],
    length: int,
) -> tuple[int, float]:
    """The smallest sum of any path and its log-probability, by squaring.

    Matrices hold the smallest sum between two states and the log-probability of the paths that
    attain it; the number of steps enters by its logarithm.

    Args:
        log_start: Log-probabilities of the first state.
        log_steps: Log-probabilities of steps; ``-inf`` where there is none.
        values: What each step adds.
        length: Number of steps.

    Returns:
        The sum and its log-probability, ``-inf`` where there is no path.

    Example:
        >>> half = np.log(np.full((2, 2), 0.5))
        >>> lowest_path_sum(half[0], half, np.array([[3, 1], [1, 3]]), 2)
        (2, -1.3862943611198904)
    """
    step = np.where(log_steps > -np.inf, values, np.inf), log_steps
    sums, logs = np.where(log_start > -np.inf, 0.0, np.inf)[None, :], log_start[None, :]
    for bit in bin(length)[:1:-1]:
        if bit == "1":
            sums, logs = _lowest(sums, logs, *step)
        step = _lowest(*step, *step)
    best = float(sums.min())
    if best == np.inf:
        return 0, -np.inf
    return int(best), float(np.logaddexp.reduce(logs[sums == best]))


def lowest_path_sums(
    log_start: Float64[np.ndarray, " s"],
    log_steps: Float64[np.ndarray, "s s"],
    values: Int64[np.ndarray, "s s"],
    length: int,
    *,
    size: int,
) -> Float64[np.ndarray, " m"]:
    """Log-probabilities of the smallest sums of any path, step by step.

    What a path spends beyond the cheapest way to go on never falls, so that only its first
    ``size`` values need be kept.

    Args:
        log_start: Log-probabilities of the first state.
        log_steps: Log-probabilities of steps; ``-inf`` where there is none.
        values: What each step adds.
        length: Number of steps; there must be a path.
        size: How many sums.

    Returns:
        Log-probabilities of the smallest sum and the ``size - 1`` after it.

    Example:
        >>> half = np.log(np.full((2, 2), 0.5))
        >>> lowest_path_sums(half[0], half, np.array([[3, 1], [1, 3]]), 2, size=3)
        array([-1.38629436,        -inf, -0.69314718])
    """
    steps = np.where(log_steps > -np.inf, values, np.inf)
    ahead = np.zeros((length + 1, log_start.size))
    for t in range(length, 0, -1):
        ahead[t - 1] = (steps + ahead[t]).min(axis=1)
    first = np.where(log_start > -np.inf, ahead[0], np.inf)
    kept = np.full((log_start.size, size + 1), -np.inf)  # the last column stays empty
    excess = first - first.min()
    for i in np.flatnonzero(excess < size):
        kept[i, int(excess[i])] = log_start[i]
    wanted, states = np.arange(size), np.arange(log_start.size)[:, None, None]
    for t in range(length):
        now = np.where(np.isfinite(ahead[t]), ahead[t], 0.0)
        spent = np.minimum(steps + ahead[t + 1] - now[:, None], size).astype(np.int64)
        before = wanted - spent[:, :, None]
        terms = kept[states, np.where(before >= 0, before, size)] + log_steps[:, :, None]
        kept[:, :size] = np.logaddexp.reduce(terms, axis=0)
    return np.asarray(np.logaddexp.reduce(kept[:, :size], axis=0))


def _lowest(
    sums: Float64[np.ndarray, "a b"],
    logs: Float64[np.ndarray, "a b"],
    more: Float64[np.ndarray, "b c"],
    weights: Float64[np.ndarray, "b c"],
) -> tuple[Float64[np.ndarray, "a c"], Float64[np.ndarray, "a c"]]:
    through = sums[:, :, None] + more[None, :, :]
    best = through.min(axis=1)
    attained = (through == best[:, None, :]) & np.isfinite(through)
    masses = np.where(attained, logs[:, :, None] + weights[None, :, :], -np.inf)
    return best, np.asarray(np.logaddexp.reduce(masses, axis=1))
