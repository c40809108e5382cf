"""Power sums of numbers that are smooth in weights, of which only power sums are known."""

import numpy as np
from jaxtyping import Float64

__all__ = ["deviations", "power_sums"]


def deviations(
    light: Float64[np.ndarray, "4 q"], count: Float64[np.ndarray, " q"]
) -> tuple[Float64[np.ndarray, " q"], Float64[np.ndarray, "3 q"]]:
    """The mean of weights, and the power sums of what they deviate from it by.

    Args:
        light: Sums of the powers 1 to 4 of the weights, shape ``(4, q)``.
        count: How many weights there are, shape ``(q,)``.

    Returns:
        The means, shape ``(q,)``, and sums of the powers 2 to 4, shape ``(3, q)``.

    Example:
        >>> mean, away = deviations(np.array([[3.0], [5.0], [9.0], [17.0]]), np.full(1, 2.0))
        >>> mean, away.ravel()  # of 1 and 2
        (array([1.5]), array([0.5  , 0.   , 0.125]))
    """
    one, two, three, four = light
    mean = one / np.maximum(count, 1.0)
    square = mean * mean
    away = np.array(
        [
            two - mean * one,
            three - 3 * mean * two + 2 * square * one,
            four - 4 * mean * three + 6 * square * two - 3 * square * mean * one,
        ]
    )
    return mean, away


def power_sums(
    terms: Float64[np.ndarray, "5 q"],
    away: Float64[np.ndarray, "3 q"],
    count: Float64[np.ndarray, " q"],
) -> Float64[np.ndarray, "4 q"]:
    """Sums of the powers of polynomials of deviations, to the fourth order of these.

    Args:
        terms: Coefficients of the powers 0 to 4 of the deviations, shape ``(5, q)``.
        away: Sums of the powers 2 to 4 of the deviations, whose own sum is 0, shape ``(3, q)``.
        count: How many there are, shape ``(q,)``.

    Returns:
        Sums of the powers 1 to 4, shape ``(4, q)``.

    Example:
        >>> _, away = deviations(np.array([[3.0], [5.0], [9.0], [17.0]]), np.full(1, 2.0))
        >>> terms = np.array([[1.5], [1.0], [0.0], [0.0], [0.0]])  # the numbers themselves
        >>> power_sums(terms, away, np.full(1, 2.0)).ravel()
        array([ 3.,  5.,  9., 17.])
    """
    level, slope, bend, third, fourth = terms
    two, three, four = away
    square, bent = slope * slope, bend * two + third * three + fourth * four
    curved = bend * bend + 2 * slope * third
    # of the deviations alone, without the level
    squares = square * two + 2 * slope * bend * three + curved * four
    cubes = square * (slope * three + 3 * bend * four)
    plain, level_square = level * count, level * level
    return np.array(
        [
            plain + bent,
            level * (plain + 2 * bent) + squares,
            level_square * (plain + 3 * bent) + 3 * level * squares + cubes,
            level_square * level * (plain + 4 * bent)
            + 6 * level_square * squares
            + 4 * level * cubes
            + square * square * four,
        ]
    )
