"""Sums of the first 24 powers of distances, of many runs of draws in few calls."""

from itertools import pairwise
from math import ceil

import numpy as np
from jaxtyping import Float64, Int64

__all__ = ["Raising"]

_LOW, _HIGH = 6, 4  # the powers 0 to 5 times 0, 6, 12 and 18 are the powers 0 to 23
KNOWN = _LOW * _HIGH  # powers that are summed
TINY = 1e-290  # distances below it are too small to divide by
_LINE = 8  # floats a line of the cache: rows that begin with one are faster by a third


class Raising:
    """Memory in which powers are taken; new pages would cost more than sums.

    Attributes:
        powers: For the powers 0 to 5, then 0, 6, 12 and 18, shape ``(10, l)``.
    """

    def __init__(self, draws: int) -> None:
        rows, width = _LOW + _HIGH, ceil(draws / _LINE) * _LINE
        raw = np.empty(rows * width + _LINE)
        skipped = -(raw.ctypes.data // raw.itemsize) % _LINE
        self.powers = raw[skipped : skipped + rows * width].reshape(rows, width)
        self.powers[[0, _LOW]] = 1.0

    def distances(self, draws: int) -> Float64[np.ndarray, " s"]:
        """Memory for the distances whose powers `sums` takes."""
        return self.powers[1, :draws]

    def sums(self, runs: Int64[np.ndarray, " r"]) -> Float64[np.ndarray, "r 24"]:
        """Sums of the powers 0 to 23 over each run of the distances.

        Args:
            runs: How long each run is, shape ``(r,)``.

        Returns:
            The sums, shape ``(r, 24)``.
        """
        powers = self.powers[:, : int(runs.sum())]
        _raise(powers)
        low, high = powers[:_LOW], powers[_LOW:]
        if (runs == runs[0]).all():
            high, low = high.reshape(_HIGH, runs.size, -1), low.reshape(_LOW, runs.size, -1)
            found = high.transpose(1, 0, 2) @ low.transpose(1, 2, 0)
        else:
            cuts = pairwise([0, *np.cumsum(runs).tolist()])
            found = np.array([high[:, a:b] @ low[:, a:b].T for a, b in cuts])
        return np.asarray(found.reshape(runs.size, KNOWN))


def _raise(powers: Float64[np.ndarray, "10 s"]) -> None:
    """The powers 2 to 5, and 6, 12 and 18, of the first."""
    one, square, cube = powers[1:4]
    sixth, twelfth, eighteenth = powers[_LOW + 1 :]
    np.multiply(one, one, out=square)
    np.multiply(powers[1:3], square, out=powers[3:5])
    np.multiply(cube, square, out=powers[5])
    np.multiply(cube, cube, out=sixth)
    np.multiply(sixth, sixth, out=twelfth)
    np.multiply(sixth, twelfth, out=eighteenth)
