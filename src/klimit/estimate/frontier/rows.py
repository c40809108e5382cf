"""Sums over the rows of a table, each in one pass, and products that start no threads."""

import numpy as np
from jaxtyping import Float64

__all__ = ["product", "row_dots", "row_sums"]

_TOGETHER = 1 << 17  # multiplications at a time: BLAS starts threads, which wait, for more


def row_sums(numbers: Float64[np.ndarray, "p h"]) -> Float64[np.ndarray, " p"]:
    """The sum of each row, faster than the array's method where rows are short.

    Args:
        numbers: Any numbers, shape ``(p, h)``.

    Returns:
        The sums, shape ``(p,)``.

    Example:
        >>> row_sums(np.ones((2, 3)))
        array([3., 3.])
    """
    return np.asarray(np.einsum("ph->p", numbers))


def row_dots(
    one: Float64[np.ndarray, "p h"], other: Float64[np.ndarray, "p h"]
) -> Float64[np.ndarray, " p"]:
    """The sum over each row of the products.

    Args:
        one: Any numbers, shape ``(p, h)``.
        other: As many, shape ``(p, h)``.

    Returns:
        The sums, shape ``(p,)``.

    Example:
        >>> row_dots(np.ones((2, 3)), np.arange(6.0).reshape(2, 3))
        array([ 3., 12.])
    """
    return np.asarray(np.einsum("ph,ph->p", one, other))


def product(
    one: Float64[np.ndarray, "n j"], other: Float64[np.ndarray, "j p"]
) -> Float64[np.ndarray, "n p"]:
    """The product of a small matrix and a long one, faster than at once, also from threads.

    Args:
        one: Any numbers, shape ``(n, j)``.
        other: Any numbers, shape ``(j, p)``.

    Returns:
        The product, shape ``(n, p)``.

    Example:
        >>> product(np.ones((1, 2)), np.arange(6.0).reshape(2, 3))
        array([[3., 5., 7.]])
    """
    found = np.empty((one.shape[0], other.shape[1]))
    step = max(_TOGETHER // one.size, 1)
    for start in range(0, other.shape[1], step):
        some = slice(start, start + step)
        np.matmul(one, other[:, some], out=found[:, some])
    return found
