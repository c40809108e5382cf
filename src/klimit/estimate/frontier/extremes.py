"""The best and the lowest rewards of every prompt, which need no tilt."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64, Int64

from klimit.core.results import Result
from klimit.estimate.draws import Draws
from klimit.estimate.parts import Part, by_parts

__all__ = ["BestAndLowest", "Extremes", "best_and_lowest"]


@runtime_checkable
class Extremes(Protocol):
    """The best and the lowest rewards that each prompt's draws show."""

    @property
    def counts(self) -> Int64[np.ndarray, " p"]:
        """Number of draws of each prompt."""

    @property
    def best(self) -> Float64[np.ndarray, "p h"]:
        """The best rewards of each prompt, falling; ``-inf`` where it has fewer."""

    @property
    def tied(self) -> Int64[np.ndarray, " p"]:
        """How many draws of each prompt share its best reward."""

    @property
    def lowest(self) -> Float64[np.ndarray, " p"]:
        """The lowest reward of each prompt."""


@dataclass(frozen=True, slots=True, eq=False)
class BestAndLowest(Result):
    """`Extremes` of a table, and no more of it.

    Attributes:
        counts: Number of draws of each prompt, shape ``(p,)``.
        best: The best reward of each prompt, shape ``(p, 1)``.
        tied: How many draws of each prompt share its best reward, shape ``(p,)``.
        lowest: The lowest reward of each prompt, shape ``(p,)``.
    """

    counts: Int64[np.ndarray, " p"]
    best: Float64[np.ndarray, "p 1"]
    tied: Int64[np.ndarray, " p"]
    lowest: Float64[np.ndarray, " p"]


def best_and_lowest(draws: Draws) -> BestAndLowest:
    """Find the extremes of a table.

    Args:
        draws: The draws.

    Returns:
        The extremes of each prompt.

    Example:
        >>> best_and_lowest(Draws.from_matrix([[0.0, 1.0, 1.0], [2.0, 2.0]])).tied
        array([2, 2])
    """
    best, tied, lowest = by_parts(draws, _extremes)
    return BestAndLowest(draws.counts, best[:, None], tied.astype(np.int64), lowest)


def _extremes(part: Part) -> Float64[np.ndarray, "3 q"]:
    rewards, starts, counts = part.draws.rewards, part.draws.offsets[:-1], part.draws.counts
    best = np.maximum.reduceat(rewards, starts)
    tied = np.add.reduceat((rewards == np.repeat(best, counts)).astype(np.float64), starts)
    return np.stack([best, tied, np.minimum.reduceat(rewards, starts)])
