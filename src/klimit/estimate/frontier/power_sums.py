"""Power sums of numbers that are given by those of the weights they are made of."""

import numpy as np
from jaxtyping import Float64

__all__ = ["about", "power_sums"]


def power_sums(
    a: Float64[np.ndarray, " q"],
    b: Float64[np.ndarray, " q"],
    light: Float64[np.ndarray, "4 q"],
) -> Float64[np.ndarray, "4 q"]:
    """Sums of the powers of ``a w + b w**2``, to the fourth order of the weights.

    Args:
        a: The first coefficient of every prompt, shape ``(q,)``.
        b: The second, shape ``(q,)``.
        light: Sums of the powers 1 to 4 of the weights, shape ``(4, q)``.

    Returns:
        Sums of the powers 1 to 4, shape ``(4, q)``.

    Example:
        >>> power_sums(np.ones(1), np.zeros(1), np.arange(4.0)[:, None]).ravel()
        array([0., 1., 2., 3.])
    """
    one, two, three, four = light
    square, product = a * a, a * b
    return np.array(
        [
            a * one + b * two,
            square * two + 2 * product * three + b * b * four,
            square * (a * three + 3 * b * four),
            square * square * four,
        ]
    )


def about(
    centre: Float64[np.ndarray, " q"],
    sums: Float64[np.ndarray, "4 q"],
    count: Float64[np.ndarray, " q"],
) -> Float64[np.ndarray, "3 q"]:
    """Power sums of numbers less a centre.

    Args:
        centre: What is subtracted, shape ``(q,)``.
        sums: Sums of the powers 1 to 4 of the numbers, shape ``(4, q)``.
        count: How many numbers there are, shape ``(q,)``.

    Returns:
        Sums of the powers 2 to 4, shape ``(3, q)``.

    Example:
        >>> sums = np.array([3.0, 5.0, 9.0, 17.0])  # of 1 and 2
        >>> about(np.full(1, 1.5), sums[:, None], np.full(1, 2.0)).ravel()
        array([0.5  , 0.   , 0.125])
    """
    c, (one, two, three, four) = centre, sums
    square = c * c
    return np.array(
        [
            two - 2 * c * one + count * square,
            three - 3 * c * two + 3 * square * one - count * square * c,
            four
            - 4 * c * three
            + 6 * square * (two + count * square / 6)
            - 4 * square * c * one,
        ]
    )
