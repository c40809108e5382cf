"""Rewards on a lattice: integer multiples of one step above the smallest."""

from dataclasses import dataclass
from fractions import Fraction
from math import gcd, isqrt, lcm

import numpy as np
from jaxtyping import Float64, Int64

__all__ = ["Lattice", "find_lattice"]

_DENOMINATOR = 10**5  # a float within rounding of a fraction this simple is taken for it
_CHANCE = 1e-4  # how likely a number of no such kind may be to pass for one
_EXACT = 2**53  # integers below it are floats
_EPS = 2.0**-52


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """Rewards ``base + span * index`` with nonnegative integers of greatest common divisor 1.

    Attributes:
        base: The smallest reward.
        span: The step of the lattice; 0 where all rewards are equal.
        index: Place of each reward, the smallest at 0, shape ``(k,)``.
    """

    base: Fraction
    span: Fraction
    index: Int64[np.ndarray, " k"]

    def sums(self, length: int, index: Int64[np.ndarray, " l"]) -> Float64[np.ndarray, " l"]:
        """Sums of ``length`` rewards, each rounded once.

        Args:
            length: Number of rewards in a sum.
            index: Sum of their places.

        Returns:
            The sums, shape ``(l,)``.
        """
        whole = lcm(self.base.denominator, self.span.denominator)
        start, step = int(length * self.base * whole), int(self.span * whole)
        top = int(index.max(initial=0))
        if max(abs(start), abs(start + step * top), step, whole) < _EXACT:
            return np.asarray((start + step * index) / whole)
        base, span = float(length * self.base), np.longdouble(float(self.span))
        rest = np.longdouble(float(length * self.base - Fraction(base)))
        return np.asarray(base + rest + span * index, dtype=np.float64)


def find_lattice(rewards: Float64[np.ndarray, " k"], *, most: int) -> Lattice | None:
    """The lattice of some rewards, read as the simple fractions that floats stand for.

    ``0.1, 0.2, 0.3`` have the step 0.1 although no float has that value: a ratio of differences
    that rounding cannot tell from a simple fraction is taken for it. Multiples of an
    irrational step are found likewise.

    Args:
        rewards: Finite rewards, shape ``(k,)``.
        most: Largest place that is of use.

    Returns:
        The lattice, or ``None`` where there is none of at most that many steps.

    Example:
        >>> found = find_lattice(np.array([0.1, 0.4, 0.3]), most=100)
        >>> found.span, found.index
        (Fraction(1, 10), array([0, 3, 2]))
    """
    exact = [Fraction(float(x)) for x in rewards]
    low = min(exact)
    offsets = [x - low for x in exact]
    reach = max(offsets)
    if reach == 0:
        return Lattice(_simple(low, _blur(low)), Fraction(0), np.zeros(len(exact), np.int64))
    blur = Fraction(_EPS) * max(abs(x) for x in exact) / reach
    rounded = _rounded(offsets, reach, blur, most)
    found = rounded or _dyadic(offsets, most)
    if found is None:
        return None
    span = reach / max(found)
    if rounded:
        low, span = _simple(low, _blur(low)), _simple(span, span * blur)
    return Lattice(low, span, np.array(found, dtype=np.int64))


def _rounded(
    offsets: list[Fraction], reach: Fraction, blur: Fraction, most: int
) -> list[int] | None:
    """Places on a lattice that differ from the offsets by rounding alone."""
    limit = min(_DENOMINATOR, isqrt(int(Fraction(_CHANCE) / blur)))
    if limit < 1:
        return None
    shares = [_simplest(x / reach - blur, x / reach + blur) for x in offsets]
    if max(x.denominator for x in shares) > limit:
        return None
    steps = lcm(*(x.denominator for x in shares))
    return _reduced([int(x * steps) for x in shares], most)


def _dyadic(offsets: list[Fraction], most: int) -> list[int] | None:
    """Places that give the offsets exactly."""
    whole = lcm(*(x.denominator for x in offsets))
    return _reduced([int(x * whole) for x in offsets], most)


def _reduced(places: list[int], most: int) -> list[int] | None:
    divisor = gcd(*places)
    found = [x // divisor for x in places]
    return found if max(found) <= most else None


def _blur(value: Fraction) -> Fraction:
    return abs(value) * Fraction(_EPS) / 2


def _simple(value: Fraction, blur: Fraction) -> Fraction:
    """A simple fraction that rounding cannot tell from the value, or the value itself."""
    found = _simplest(value - blur, value + blur)
    return found if found.denominator <= _DENOMINATOR else value


def _simplest(low: Fraction, high: Fraction) -> Fraction:
    """The fraction of smallest denominator between two, by their continued fractions."""
    if low <= 0 <= high:
        return Fraction(0)
    if high < 0:
        return -_simplest(-high, -low)
    floor = low.numerator // low.denominator
    if floor == low:
        return low
    if floor + 1 <= high:
        return Fraction(floor + 1)
    return floor + 1 / _simplest(1 / (high - floor), 1 / (low - floor))
