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
        powers: Row ``k`` is for the power ``k``, shape ``(19, l)``; most above 6 are not used.
    """

    def __init__(self, draws: int) -> None:
        rows, width = KNOWN - _LOW + 1, ceil(draws / _LINE) * _LINE
        raw = np.empty(rows * width + _LINE)
        skipped = -(raw.ctypes.data // raw.itemsize) % _LINE
        self.powers = raw[skipped : skipped + rows * width].reshape(rows, width)
        self.powers[0] = 1.0

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
        np.multiply(powers[1], powers[1], out=powers[2])
        np.multiply(powers[1:3], powers[2], out=powers[3:5])
        np.multiply(powers[2:4], powers[3], out=powers[5:7])
        np.multiply(powers[6], powers[6], out=powers[12])
        np.multiply(powers[6], powers[12], out=powers[18])
        low, high = powers[:_LOW], powers[::_LOW]
        if (runs == runs[0]).all():
            low, high = low.reshape(_LOW, runs.size, -1), high.reshape(_HIGH, runs.size, -1)
            found = high.transpose(1, 0, 2) @ low.transpose(1, 2, 0)
        else:
            cuts = pairwise([0, *np.cumsum(runs).tolist()])
            found = np.array([high[:, a:b] @ low[:, a:b].T for a, b in cuts])
        return np.asarray(found.reshape(runs.size, KNOWN))
