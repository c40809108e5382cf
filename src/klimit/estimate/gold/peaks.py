"""What a curve over rising levels does: peaks, goes on rising, flattens, or cannot be told."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.core.results import Result
from klimit.estimate.gold.simultaneous import Differences

__all__ = ["Trend", "read_trend"]


@dataclass(frozen=True, slots=True)
class Trend(Result):
    """What is established of a curve.

    Attributes:
        peak: Index of the level where it peaks; ``None`` where no fall is established.
        low: Index of the level that the peak is not below.
        high: Index of the level that it is not above: the curve has fallen there.
        still_rising: Whether it is established to rise up to the last level.
        shape: ``"peaks"``, ``"falls"`` (from the first level on), ``"rises"`` (at the edge),
            ``"flattens"`` (has risen, no fall established) or ``"unknown"``.
    """

    peak: int | None
    low: int
    high: int
    still_rising: bool
    shape: str


def read_trend(
    values: Float64[np.ndarray, " k"], kl: Float64[np.ndarray, " k"], found: Differences
) -> Trend:
    """Read a curve that has at most one peak, from the comparisons that stand.

    Where the curve has fallen between two levels its peak lies before the second, where it has
    risen, behind the first. It is still rising at the edge where the last level stands above
    one from the upper half of the divergences spent.

    Args:
        values: The curve, shape ``(k,)``.
        kl: Divergence of each level, rising, shape ``(k,)``.
        found: Which differences are established.

    Returns:
        What is established.

    Example:
        >>> falls = np.array([[0, 0, 0], [0, 0, 1], [0, 0, 0]], dtype=bool)
        >>> found = Differences(np.zeros((3, 3), dtype=bool), falls)
        >>> print(read_trend(np.array([1.0, 2.0, 0.5]), np.arange(3.0), found))
        Trend(peak=1, low=0, high=2, still_rising=False, shape=peaks)
    """
    last = values.size - 1
    fallen = np.flatnonzero(found.falls.any(axis=0))
    if fallen.size == 0:
        half = int(np.flatnonzero(kl <= kl[last] / 2).max(initial=0))
        rising = bool(found.rises[half:last, last].any())
        shape = "rises" if rising else "flattens" if found.rises.any() else "unknown"
        return Trend(None, 0, last, still_rising=rising, shape=shape)
    risen = np.flatnonzero(found.rises.any(axis=1))
    low, high = int(risen.max(initial=0)), int(fallen[0])
    if low < high:
        peak = low + int(np.argmax(values[low : high + 1]))
    else:  # it falls and rises: the highest of the peaks that stand
        before = [i for i in range(last) if found.falls[i].any()]
        peak = max(before, key=lambda i: values[i])
        low = int(np.flatnonzero(found.rises[:, peak]).max(initial=0))
        high = int(np.flatnonzero(found.falls[peak])[0])
    shape = "falls" if peak == 0 else "peaks"
    return Trend(peak, low, high, still_rising=False, shape=shape)
