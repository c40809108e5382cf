"""Numbers from draws that remember what moved them, so that errors combine to first order."""

from dataclasses import dataclass, replace
from math import inf, sqrt

import numpy as np
from jaxtyping import Float64

from klimit.estimate.interval import interval
from klimit.estimate.moves import spread_of_moves

__all__ = ["Interval", "Noisy", "confidence"]


@dataclass(frozen=True, slots=True, eq=False)
class Noisy:
    """An estimate and how each independent unit of the data moved it.

    Sums and multiples keep track of what two estimates share, so that it cancels where it
    should: the variance of a combination is the sum of its squared moves.

    Attributes:
        value: The estimate.
        moves: First-order influence of each unit, a prompt or a draw, shape ``(u,)``.
    """

    value: float
    moves: Float64[np.ndarray, " u"]

    def __add__(self, other: "Noisy") -> "Noisy":
        """The sum, moves added unit by unit."""
        return Noisy(self.value + other.value, self.moves + other.moves)

    def __sub__(self, other: "Noisy") -> "Noisy":
        """The difference, moves subtracted unit by unit."""
        return Noisy(self.value - other.value, self.moves - other.moves)

    def __rmul__(self, factor: float) -> "Noisy":
        """A multiple."""
        return Noisy(factor * self.value, factor * self.moves)

    def plus(self, shift: float) -> "Noisy":
        """The same with a number added that carries no error.

        Args:
            shift: The number, a correction of bias for instance.

        Returns:
            The shifted estimate.
        """
        return Noisy(self.value + shift, self.moves)

    def widened(self, factor: float) -> "Noisy":
        """The same with a larger error.

        Args:
            factor: What its moves are multiplied by.

        Returns:
            The estimate.
        """
        return Noisy(self.value, factor * self.moves)

    @property
    def variance(self) -> float:
        """Variance of the estimate."""
        return float(np.square(self.moves).sum())  # no BLAS: its threads cost more than this

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
            >>> a, b = Noisy(0.0, np.array([1.0, 0.0])), Noisy(0.0, np.array([1.0, 1.0]))
            >>> round(a.correlation(b), 3)
            0.707
        """
        scale = self.stderr * other.stderr
        return float((self.moves * other.moves).sum()) / scale if scale > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the ends of its interval, which need not be symmetric.

    Attributes:
        value: The estimate.
        low: Lower end.
        high: Upper end.
    """

    value: float
    low: float
    high: float

    @property
    def down(self) -> float:
        """How far the lower end is from the value."""
        return self.value - self.low

    @property
    def up(self) -> float:
        """How far the upper end is from the value."""
        return self.high - self.value

    def within(self, least: float, most: float) -> "Interval":
        """Value and interval where the truth is known to lie between two bounds.

        A value beyond a bound is moved to it, and its interval with it, so that the interval
        is never empty and never shorter than noise alone makes it.

        Args:
            least: Lower bound, perhaps ``-inf``.
            most: Upper bound, perhaps ``inf``.

        Returns:
            The interval within the bounds.

        Example:
            >>> Interval(-0.1, -0.3, 0.1).within(0.0, np.inf)
            Interval(value=0.0, low=0.0, high=0.2)
        """
        value = min(max(self.value, least), most)
        low, high = value - self.down, value + self.up
        return Interval(value, min(max(low, least), most), max(min(high, most), least))


def confidence(
    estimate: Noisy, *, level: float, most: float = inf, doubt: float = 0.0, upward: float = 0.0
) -> Interval:
    """The interval of an estimate, from what moved it and from what may still be wrong.

    Args:
        estimate: The estimate.
        level: Nominal coverage, in (0, 1).
        most: The most degrees of freedom that there can be.
        doubt: Standard error of a bias that may remain, of either sign.
        upward: Standard error of a bias that can only be downward.

    Returns:
        The interval.

    Example:
        >>> moves = np.array([0.3, -0.3, 0.4, -0.4])
        >>> found = confidence(Noisy(1.0, moves), level=0.95)
        >>> round(found.down, 3) == round(found.up, 3)
        True
    """
    spread = spread_of_moves(estimate.moves, most=most)
    spread = replace(spread, doubt=doubt, upward=upward)
    found = interval(estimate.value, spread, level=level, n=estimate.moves.size, method="")
    return Interval(found.value, found.low, found.high)
