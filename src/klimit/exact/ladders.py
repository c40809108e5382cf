"""Where a random walk on the integers is when it stops, to full relative accuracy.

The generating function of one step splits into ladders, the strict records upwards and
downwards (Wiener and Hopf). The ladders come from eliminating states one by one without a
subtraction, as Grassmann, Taksar and Heyman do for stationary laws, and each side of the law is
a recursion with nonnegative terms in a frame where it neither grows nor falls.
"""

from dataclasses import dataclass
from math import ceil, exp, inf, log

import numpy as np
from jaxtyping import Float64, Int64
from scipy.linalg.blas import dtbsv

__all__ = ["StoppedWalk"]

_CELLS = 2**20  # of a matrix that is held at once
_TAIL = 45.0  # nats of what is left out of a sum of nonnegative terms


@dataclass(frozen=True, slots=True, eq=False)
class StoppedWalk:
    """A walk that takes a step or stops for good.

    Attributes:
        log_probs: Log-probabilities of steps, finite, shape ``(k,)``.
        places: How far each goes, integers of either sign, shape ``(k,)``.
        log_stop: Log-probability of stopping.
        up: Factor on places under which upward steps no longer stop; ``inf`` if there are none.
        down: The same for downward steps, positive.
    """

    log_probs: Float64[np.ndarray, " k"]
    places: Int64[np.ndarray, " k"]
    log_stop: float
    up: float
    down: float

    @property
    def work(self) -> float:
        """How many products its ladders take."""
        if inf in (self.up, self.down):
            return 0.0
        wide = np.maximum([self.places.max(initial=0), -self.places.min(initial=0)], 0) + 1.0
        return float((_TAIL / (self.up + self.down) + wide.sum()) * wide[0] * wide[1])

    def law(self, *, low: int, high: int) -> Float64[np.ndarray, " m"]:
        """Log-probabilities of where it stops.

        Args:
            low: The lowest place asked, at most 0.
            high: The highest, at least 0.

        Returns:
            Log-probabilities of the places ``low`` to ``high``; ``-inf`` where impossible.
        """
        upward, pivot = _ladder(self)
        downward, _ = _ladder(self.mirrored())
        scale = self.log_stop - log(pivot)
        above = _side(upward, downward, self.up, self.down, high) + scale
        below = _side(downward, upward, self.down, self.up, -low) + scale
        return np.concatenate([below[:0:-1], above])

    def mirrored(self) -> "StoppedWalk":
        """The walk with steps of the other sign.

        Returns:
            The walk.
        """
        return StoppedWalk(self.log_probs, -self.places, self.log_stop, self.down, self.up)


def _ladder(walk: StoppedWalk) -> tuple[Float64[np.ndarray, " w"], float]:
    """Tilted masses of the first strict record upwards; 1 less the chance of a return."""
    places = walk.places
    rise, fall = max(int(places.max(initial=0)), 0), max(-int(places.min(initial=0)), 0)
    factor, ends = (walk.up, 0.0) if walk.up < inf else (0.0, exp(walk.log_stop))
    masses = np.zeros(fall + rise + 1)
    np.add.at(masses, places + fall, np.exp(walk.log_probs + factor * places))
    if rise == 0 or fall == 0:
        pivot = float(np.delete(masses, fall).sum()) + ends
        return masses[fall + 1 :] / pivot, pivot
    rounds = ceil(_TAIL / (walk.up + walk.down)) + rise + fall
    return _eliminated(masses, rise=rise, fall=fall, rounds=rounds)


def _eliminated(
    masses: Float64[np.ndarray, " w"], *, rise: int, fall: int, rounds: int
) -> tuple[Float64[np.ndarray, " r"], float]:
    """The ladder of a walk upwards that never stops, by elimination of what lies below."""
    rows = np.zeros((fall + 1, fall + rise + 1))
    lost = np.zeros(fall + 1)  # what falls below the lowest state
    for i in range(fall + 1):
        rows[i, : i + rise + 1] = masses[fall - i :]
        lost[i] = masses[: fall - i].sum()
    for _ in range(rounds):
        onward = rows[0, 1:]
        share = rows[1:, 0] / (onward.sum() + lost[0])
        rows[:-1, :-1] = rows[1:, 1:] + np.outer(share, onward)
        lost[:-1] = lost[1:] + share * lost[0]
        rows[-1], lost[-1] = masses, 0.0
        rows[:-1, -1] = 0.0
    pivot = float(rows[0, 1:].sum() + lost[0])
    return rows[0, 1 : rise + 1] / pivot, pivot


def _side(
    ladder: Float64[np.ndarray, " r"],
    other: Float64[np.ndarray, " f"],
    factor: float,
    other_factor: float,
    size: int,
) -> Float64[np.ndarray, " m"]:
    """Logarithms of the places 0 to ``size``, but for a common factor."""
    start = np.ones(1)
    if factor == inf:
        result = np.full(size + 1, -inf)
        result[0] = 0.0
        return result
    if other_factor < inf:
        reach = np.arange(ceil(_TAIL / (factor + other_factor)) + 1)
        down = _renewals(other, np.append(1.0, np.zeros(reach.size - 1)))
        start = (down * np.exp(-(factor + other_factor) * reach))[::-1]
    found = _renewals(ladder, np.append(start, np.zeros(size)))[start.size - 1 :]
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(found) - factor * np.arange(size + 1))


def _renewals(
    ladder: Float64[np.ndarray, " r"], start: Float64[np.ndarray, " m"]
) -> Float64[np.ndarray, " m"]:
    """How often each place is a record, ``start`` and what comes to it from below.

    Forward substitution block by block; no term is negative.
    """
    width, result = ladder.size, np.concatenate([np.zeros(ladder.size), start])
    block = min(max(_CELLS // (width + 1), 64), start.size)
    band = np.repeat(np.append(1.0, -ladder)[:, None], block, axis=1)
    for first in range(width, result.size, block):
        part = result[first : first + block]
        before = np.append(result[first - width : first], np.zeros(part.size))
        part += np.convolve(before, ladder, "valid")[: part.size]
        part[:] = dtbsv(width, band[:, : part.size], part, lower=1, diag=1)
    return result[width:]
