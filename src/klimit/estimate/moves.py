"""How far each independent unit of the data, a prompt or a draw, moved a mean over prompts."""

from math import inf, sqrt

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InsufficientDataError
from klimit.estimate.draws import Draws
from klimit.estimate.interval import Spread, freedom_of

__all__ = ["moves_of_draws", "moves_of_prompts", "spread_of_moves"]


def moves_of_prompts(means: Float64[np.ndarray, " p"]) -> Float64[np.ndarray, " p"]:
    """How each prompt moves the mean over prompts that are a sample of a population.

    Args:
        means: A number of each prompt, shape ``(p,)``.

    Returns:
        Moves whose squares sum to the variance, shape ``(p,)``.

    Raises:
        InsufficientDataError: There is one prompt.

    Example:
        >>> float(np.sum(moves_of_prompts(np.array([0.0, 1.0, 2.0])) ** 2).round(6))
        0.333333
    """
    p = means.size
    if p < 2:
        raise InsufficientDataError(
            "an interval for the population of prompts needs 2 prompts, got 1; "
            'draw from more, or ask for these alone with prompts="fixed"'
        )
    moves: Float64[np.ndarray, " p"] = (means - means.mean()) / sqrt(p * (p - 1))
    return moves


def moves_of_draws(
    draws: Draws, values: Float64[np.ndarray, " n"], means: Float64[np.ndarray, " p"]
) -> Float64[np.ndarray, " n"]:
    """How each draw moves the mean over prompts of the means within prompts.

    Args:
        draws: The draws, for their grouping.
        values: A number a draw, shape ``(n,)``.
        means: Its mean within each prompt, shape ``(p,)``.

    Returns:
        Moves whose squares sum to the variance, shape ``(n,)``.

    Raises:
        InsufficientDataError: A prompt has a single draw.

    Example:
        >>> draws = Draws.from_matrix([[0.0, 2.0], [1.0, 1.0]])
        >>> moves_of_draws(draws, draws.rewards, np.array([1.0, 1.0])).round(3)
        array([-0.354,  0.354,  0.   ,  0.   ])
    """
    counts = draws.counts
    single = int((counts == 1).sum())
    if single:
        raise InsufficientDataError(
            f"an interval for these prompts alone needs 2 draws of each, {single} of "
            f'{counts.size} have one; draw more, or use prompts="sampled"'
        )
    moves: Float64[np.ndarray, " n"] = values - np.repeat(means, counts)
    moves *= np.repeat(1.0 / (counts.size * np.sqrt(counts * (counts - 1.0))), counts)
    return moves


def spread_of_moves(moves: Float64[np.ndarray, " u"], *, most: float = inf) -> Spread:
    """The spread of an estimate from what moved it.

    Degrees of freedom follow from how few units carry the error; the skewness is that of the
    sum of what they carry.

    Args:
        moves: The moves, shape ``(u,)``.
        most: The most degrees of freedom that there can be.

    Returns:
        The spread.

    Example:
        >>> spread_of_moves(np.array([0.3, -0.3, 0.4, -0.4])).stderr.__round__(4)
        0.7071
    """
    squares = np.square(moves)
    total = float(squares.sum())
    if total <= 0:
        return Spread(0.0, most, 0.0)
    third = float(np.einsum("i,i,i->", moves, moves, moves)) / total**1.5
    squares *= squares
    fourth = float(squares.sum()) / total**2
    return Spread(sqrt(total), min(most, freedom_of(fourth, moves.size)), third)
