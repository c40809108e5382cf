"""Numbers from draws that remember what moved them, so that errors combine to first order."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from math import inf, sqrt

import numpy as np
from jaxtyping import Float64

from klimit.estimate.interval import Spread
from klimit.estimate.moves import spread_of_moves

__all__ = ["Influence", "Noisy"]

POLICY, REFERENCE = 0, 1  # groups of units; prompts, where they are the units, are in one


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """How each independent unit of the data, a prompt or a draw, moved one number.

    Units come in two groups, the policy's and the reference's, and a number that both moved has
    an influence in each. The moves of millions of draws are made in blocks when they are asked
    for, and not kept.

    Attributes:
        group: Which group of units: two influences in one have the same blocks.
        blocks: The moves of its units.
    """

    group: int
    blocks: Callable[[], Iterable[Float64[np.ndarray, " _"]]]


@dataclass(frozen=True, slots=True, eq=False)
class Noisy:
    """An estimate and what moved it.

    Sums and multiples keep track of what two estimates share, so that it cancels where it
    should: the variance of a combination is the sum of its squared moves.

    Attributes:
        value: The estimate.
        influences: First-order influences on it, with their factors.
    """

    value: float
    influences: Mapping[Influence, float]

    def __add__(self, other: "Noisy") -> "Noisy":
        """The sum, moves added unit by unit."""
        both = dict(self.influences)
        for influence, factor in other.influences.items():
            both[influence] = both.get(influence, 0.0) + factor
        kept = {influence: factor for influence, factor in both.items() if factor}
        return Noisy(self.value + other.value, kept)

    def __sub__(self, other: "Noisy") -> "Noisy":
        """The difference, moves subtracted unit by unit."""
        return self + -1.0 * other

    def __rmul__(self, factor: float) -> "Noisy":
        """A multiple."""
        return replace(self.widened(factor), value=factor * self.value)

    def plus(self, shift: float) -> "Noisy":
        """The same with a number added that carries no error.

        Args:
            shift: The number, a correction of bias for instance.

        Returns:
            The shifted estimate.
        """
        return replace(self, value=self.value + shift)

    def widened(self, factor: float) -> "Noisy":
        """The same with a larger error.

        Args:
            factor: What its moves are multiplied by.

        Returns:
            The estimate.
        """
        factors = {influence: factor * own for influence, own in self.influences.items()}
        return Noisy(self.value, factors)

    def moves(self, group: int) -> Iterator[Float64[np.ndarray, " _"]]:
        """How the units of a group moved it, block by block.

        Args:
            group: The group.

        Returns:
            The blocks; none where no unit of the group moved it.
        """
        mine = [(own, factor) for own, factor in self.influences.items() if own.group == group]
        for blocks in zip(*(own.blocks() for own, _ in mine), strict=True):
            moves = mine[0][1] * blocks[0]
            for block, (_, factor) in zip(blocks[1:], mine[1:], strict=True):
                moves += factor * block
            yield moves

    def spread(self, *, units: int, most: float = inf) -> Spread:
        """How far the estimate may be off.

        Args:
            units: Number of units of the data.
            most: The most degrees of freedom that there can be.

        Returns:
            The spread.
        """
        return spread_of_moves(self._all_moves(), units=units, most=most)

    @property
    def variance(self) -> float:
        """Variance of the estimate."""
        return sum(float(np.square(moves).sum()) for moves in self._all_moves())

    @property
    def stderr(self) -> float:
        """Standard error of the estimate."""
        return sqrt(self.variance)

    def correlation(self, other: "Noisy") -> float:
        """Correlation of two estimates from the same units.

        Args:
            other: The other estimate.

        Returns:
            Between -1 and 1; 0 where one of them has no error.

        Example:
            >>> one, two = (Influence(POLICY, lambda x=x: [np.eye(2)[x]]) for x in (0, 1))
            >>> a, b = Noisy(0.0, {one: 1.0}), Noisy(0.0, {one: 1.0, two: 1.0})
            >>> round(a.correlation(b), 3)
            0.707
        """
        scale = self.stderr * other.stderr
        if scale <= 0:
            return 0.0
        shared = 0.0
        for group in (POLICY, REFERENCE):
            for a, b in zip(self.moves(group), other.moves(group), strict=False):
                shared += float((a * b).sum())  # no BLAS: its threads cost more than this
        return shared / scale

    def _all_moves(self) -> Iterator[Float64[np.ndarray, " _"]]:
        return chain(self.moves(POLICY), self.moves(REFERENCE))
