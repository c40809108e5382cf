"""How far each independent unit of the data, a prompt or a draw, moved a mean over prompts."""

from collections.abc import Callable, Iterable, Iterator
from math import inf, sqrt

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InsufficientDataError
from klimit.estimate.draws import Draws
from klimit.estimate.interval import Spread, freedom_of, skewness_of
from klimit.estimate.paired import prompt_means
from klimit.estimate.parts import Part, parts
from klimit.estimate.uncertainty import require_several_prompts

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
    require_several_prompts(p)
    moves: Float64[np.ndarray, " p"] = (means - means.mean()) / sqrt(p * (p - 1))
    return moves


def moves_of_draws(
    draws: Draws, values: Callable[[Part], Float64[np.ndarray, " m"]]
) -> Iterator[Float64[np.ndarray, " m"]]:
    """How each draw moves the mean over prompts of the means within prompts.

    Args:
        draws: The draws, for their grouping.
        values: A number of each of a part's ``m`` draws.

    Returns:
        Moves whose squares sum to the variance, part by part.

    Raises:
        InsufficientDataError: A prompt has a single draw.

    Example:
        >>> draws = Draws.from_matrix([[0.0, 2.0], [1.0, 1.0]])
        >>> next(moves_of_draws(draws, lambda part: draws.rewards[part.rows])).round(3)
        array([-0.354,  0.354,  0.   ,  0.   ])
    """
    counts = draws.counts
    single = int((counts == 1).sum())
    if single:
        raise InsufficientDataError(
            f"an interval for these prompts alone needs 2 draws of each, {single} of "
            f'{counts.size} have one; draw more, or use prompts="sampled"'
        )
    return (_moves(part.draws, values(part), counts.size) for part in parts(draws))


def _moves(
    draws: Draws, values: Float64[np.ndarray, " m"], prompts: int
) -> Float64[np.ndarray, " m"]:
    counts = draws.counts
    moves: Float64[np.ndarray, " m"] = values - np.repeat(
        prompt_means(draws, values).mean, counts
    )
    moves *= np.repeat(1.0 / (prompts * np.sqrt(counts * (counts - 1.0))), counts)
    return moves


def spread_of_moves(
    blocks: Iterable[Float64[np.ndarray, " _"]], *, units: int, most: float = inf
) -> Spread:
    """The spread of an estimate from what moved it.

    Degrees of freedom follow from how few units carry the error; the skewness is that of the
    sum of what they carry.

    Args:
        blocks: The moves, in any number of arrays; what does not move it may be left out.
        units: Number of units.
        most: The most degrees of freedom that there can be.

    Returns:
        The spread.

    Example:
        >>> spread_of_moves([np.array([0.3, -0.3, 0.4, -0.4])], units=4).stderr.__round__(4)
        0.7071
    """
    total = third = fourth = 0.0
    for moves in blocks:
        squares = np.square(moves)
        total += float(squares.sum())
        third += float(np.einsum("i,i->", squares, moves))
        fourth += float(np.einsum("i,i->", squares, squares))
    if total <= 0:
        return Spread(0.0, most, 0.0)
    freedom = min(most, freedom_of(fourth / total / total, units))
    return Spread(sqrt(total), freedom, skewness_of(third, total))
