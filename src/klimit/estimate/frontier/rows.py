"""Sums over the rows of a table, each in one pass without a table in between."""

import numpy as np
from jaxtyping import Float64

__all__ = ["row_dots", "row_sums"]


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
