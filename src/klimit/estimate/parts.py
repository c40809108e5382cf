"""A table of draws part by part, so that what is computed of every draw is never all there."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float64

from klimit.core.results import Result
from klimit.estimate.draws import Draws

__all__ = ["Part", "by_parts", "parts"]

_DRAWS = 1 << 14  # of a part: what is made of them stays in the processor's cache


@dataclass(frozen=True, slots=True, eq=False)
class Part(Result):
    """Some consecutive prompts of a table, views of it.

    Attributes:
        prompts: Which prompts.
        rows: Which of the table's draws are theirs.
        draws: Their rewards.
    """

    prompts: slice
    rows: slice
    draws: Draws


def parts(draws: Draws) -> list[Part]:
    """Cut a table into parts of whole prompts.

    Args:
        draws: The table.

    Returns:
        Parts in order, each of some ten thousand draws, or of one prompt with more.

    Example:
        >>> [part.rows for part in parts(Draws.from_matrix([[0.0, 1.0], [2.0, 3.0]]))]
        [slice(0, 4, None)]
    """
    offsets, p = draws.offsets, len(draws.prompts)
    begins = np.searchsorted(offsets, np.arange(0, offsets[-1], _DRAWS), side="right") - 1
    edges = [*np.unique(begins).tolist(), p]
    return [_part(draws, slice(a, b)) for a, b in pairwise(edges)]


def by_parts(
    draws: Draws, numbers: Callable[[Part], Float64[np.ndarray, "k q"]]
) -> Float64[np.ndarray, "k p"]:
    """Numbers of every prompt, computed part by part.

    Args:
        draws: The table.
        numbers: What is computed of the ``q`` prompts of a part, shape ``(k, q)``.

    Returns:
        The numbers of all prompts, shape ``(k, p)``.

    Example:
        >>> draws = Draws.from_matrix([[0.0, 1.0], [2.0]])
        >>> by_parts(draws, lambda part: part.draws.counts[None] * 1.0)
        array([[2., 1.]])
    """
    return np.concatenate([numbers(part) for part in parts(draws)], axis=1)


def _part(draws: Draws, prompts: slice) -> Part:
    offsets = draws.offsets[prompts.start : prompts.stop + 1]
    rows = slice(int(offsets[0]), int(offsets[-1]))
    own = Draws(draws.prompts[prompts], offsets - offsets[0], draws.rewards[rows])
    return Part(prompts, rows, own)
