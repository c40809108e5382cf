"""Weighted sums of many columns under many weights, prompt by prompt."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float64, Int64

__all__ = ["product", "products", "spread_sums", "weighted_sums"]

_ONE_THREAD = 200_000  # multiplications that BLAS does not share out: threads cost more here
_SMALL = 64  # draws a prompt up to which one product of all prompts beats one for each


def weighted_sums(
    counts: Int64[np.ndarray, " p"],
    weights: Float64[np.ndarray, "k n"],
    columns: Float64[np.ndarray, "c n"],
) -> Float64[np.ndarray, "p k c"]:
    """Weighted sums of every column at every prompt.

    Args:
        counts: Number of draws of each prompt, shape ``(p,)``.
        weights: Weights of the draws, prompt after prompt, shape ``(k, n)``.
        columns: Numbers of the draws, shape ``(c, n)``.

    Returns:
        The sums, shape ``(p, k, c)``.

    Example:
        >>> weighted_sums(np.array([2, 2]), np.ones((1, 4)), np.arange(4.0)[None]).ravel()
        array([1., 5.])
    """
    if _few_alike(counts):
        shape = (-1, counts.size, int(counts[0]))
        blocks: Float64[np.ndarray, "p k c"] = np.matmul(
            weights.reshape(shape).transpose(1, 0, 2), columns.reshape(shape).transpose(1, 2, 0)
        )
        return blocks
    sums = np.zeros((counts.size, weights.shape[0], columns.shape[0]))
    for i, where in _pieces(counts, weights.shape[0] * columns.shape[0]):
        sums[i] += weights[:, where] @ columns[:, where].T
    return sums


def spread_sums(
    counts: Int64[np.ndarray, " p"],
    sums: Float64[np.ndarray, "p k c"],
    factors: Float64[np.ndarray, "k n"],
) -> Float64[np.ndarray, "c n"]:
    """Sums of every prompt given back to its draws, each with factors of its own.

    Args:
        counts: Number of draws of each prompt, shape ``(p,)``.
        sums: Numbers of the prompts, shape ``(p, k, c)``.
        factors: Factors of the draws, prompt after prompt, shape ``(k, n)``.

    Returns:
        The sums over ``k`` of the products, shape ``(c, n)``.

    Example:
        >>> spread_sums(np.array([2, 1]), np.array([[[3.0]], [[5.0]]]), np.ones((1, 3)))
        array([[3., 3., 5.]])
    """
    if _few_alike(counts):
        blocks = factors.reshape(-1, counts.size, int(counts[0])).transpose(1, 0, 2)
        found = np.matmul(sums.transpose(0, 2, 1), blocks).transpose(1, 0, 2)
        return np.asarray(found.reshape(sums.shape[2], -1))
    spread = np.empty((sums.shape[2], factors.shape[1]))
    for i, where in _pieces(counts, sums.shape[1] * sums.shape[2]):
        np.matmul(sums[i].T, factors[:, where], out=spread[:, where])
    return spread


def _few_alike(counts: Int64[np.ndarray, " p"]) -> bool:
    return bool(counts[0] <= _SMALL and (counts == counts[0]).all())


def _pieces(counts: Int64[np.ndarray, " p"], products: int) -> Iterator[tuple[int, slice]]:
    """Draws of one prompt after another, as many as BLAS multiplies on one thread."""
    step, ends = max(16, _ONE_THREAD // products), np.cumsum(counts).tolist()
    for i, (count, end) in enumerate(zip(counts.tolist(), ends, strict=True)):
        for start in range(end - count, end, step):
            yield i, slice(start, min(start + step, end))


def product(
    one: Float64[np.ndarray, "k n"], other: Float64[np.ndarray, "n c"]
) -> Float64[np.ndarray, "k c"]:
    """The matrix product, some columns at a time, which BLAS does not share out.

    Args:
        one: Any numbers, shape ``(k, n)``.
        other: Any numbers, shape ``(n, c)``.

    Returns:
        Their product, shape ``(k, c)``.

    Example:
        >>> product(np.ones((1, 2)), np.arange(4.0).reshape(2, 2))
        array([[2., 4.]])
    """
    found, step = np.empty((one.shape[0], other.shape[1])), max(_ONE_THREAD // one.size, 8)
    for start in range(0, other.shape[1], step):
        some = slice(start, start + step)
        np.matmul(one, other[:, some], out=found[:, some])
    return found


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
