"""Weighted sums of many columns under many weights, prompt by prompt."""

import numpy as np
from jaxtyping import Float64

from klimit.estimate.draws import Draws

__all__ = ["products", "weighted_sums"]

_ONE_THREAD = 200_000  # multiplications that BLAS does not share out: threads cost more here
_SMALL = 64  # draws a prompt up to which one product of all prompts beats one for each


def weighted_sums(
    draws: Draws, weights: Float64[np.ndarray, "k n"], columns: Float64[np.ndarray, "c n"]
) -> Float64[np.ndarray, "p k c"]:
    """Weighted sums of every column at every prompt.

    Args:
        draws: The draws, for their grouping.
        weights: Weights of the draws, shape ``(k, n)``.
        columns: Numbers of the draws, shape ``(c, n)``.

    Returns:
        The sums, shape ``(p, k, c)``.

    Example:
        >>> draws = Draws.from_matrix([[0.0, 0.0], [0.0, 0.0]])
        >>> weighted_sums(draws, np.ones((1, 4)), np.arange(4.0)[None]).ravel()
        array([1., 5.])
    """
    counts = draws.counts
    if counts[0] <= _SMALL and (counts == counts[0]).all():
        shape = (-1, counts.size, int(counts[0]))
        blocks: Float64[np.ndarray, "p k c"] = np.matmul(
            weights.reshape(shape).transpose(1, 0, 2), columns.reshape(shape).transpose(1, 2, 0)
        )
        return blocks
    sums = np.zeros((counts.size, weights.shape[0], columns.shape[0]))
    step = max(16, _ONE_THREAD // (weights.shape[0] * columns.shape[0]))
    for i in range(counts.size):
        end = int(draws.offsets[i + 1])
        for start in range(int(draws.offsets[i]), end, step):
            where = slice(start, min(start + step, end))
            sums[i] += weights[:, where] @ columns[:, where].T
    return sums


def products(rows: Float64[np.ndarray, "k n"]) -> Float64[np.ndarray, "k k"]:
    """Sums of the products of every two rows.

    Args:
        rows: Numbers of the draws, shape ``(k, n)``.

    Returns:
        The sums, shape ``(k, k)``.

    Example:
        >>> products(np.array([[1.0, 2.0], [0.0, 3.0]]))
        array([[5., 6.],
               [6., 9.]])
    """
    k, n = rows.shape
    sums, step = np.zeros((k, k)), max(16, _ONE_THREAD // max(k * k, 1))
    for start in range(0, n, step):
        some = rows[:, start : start + step]
        sums += some @ some.T
    return sums
