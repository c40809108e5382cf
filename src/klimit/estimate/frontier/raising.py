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
_PART = 256  # draws of a run that are multiplied at least


class Raising:
    """Memory in which powers are taken; new pages would cost more than sums.

    Attributes:
        powers: For the powers 5 to 0, 6, 12 and 18, shape ``(9, l)``.
    """

    def __init__(self, draws: int) -> None:
        rows, width = _LOW + _HIGH - 1, ceil(draws / _LINE) * _LINE
        raw = np.empty(rows * width + _LINE)
        skipped = -(raw.ctypes.data // raw.itemsize) % _LINE
        self.powers = raw[skipped : skipped + rows * width].reshape(rows, width)
        self.powers[_LOW - 1] = 1.0

    def distances(self, draws: int) -> Float64[np.ndarray, " s"]:
        """Memory for the distances whose powers `sums` takes."""
        return self.powers[_LOW - 2, :draws]

    def sums(self, runs: Int64[np.ndarray, " r"]) -> Float64[np.ndarray, "r 24"]:
        """Sums of the powers 0 to 23 over each run of the distances.

        Args:
            runs: How long each run is, shape ``(r,)``.

        Returns:
            The sums, shape ``(r, 24)``.
        """
        powers = self.powers[:, : int(runs.sum())]
        _raise(powers)
        low, high = powers[:_LOW], powers[_LOW - 1 :]
        if (runs == runs[0]).all():
            found = _products(low, high, runs.size, _parts(int(runs[0])))
        else:
            cuts = pairwise([0, *np.cumsum(runs).tolist()])
            found = np.array([low[:, a:b] @ high[:, a:b].T for a, b in cuts])
        return found[:, ::-1].transpose(0, 2, 1).reshape(runs.size, KNOWN)


def _raise(powers: Float64[np.ndarray, "9 s"]) -> None:
    """The powers 5 to 2, and 6, 12 and 18, of the one that stands before the ones."""
    fifth, cubes, cube, square, one = powers[0], powers[1:3], powers[2], powers[3], powers[3:5]
    sixth, twelfth, eighteenth = powers[_LOW:]
    np.multiply(powers[4], powers[4], out=square)
    np.multiply(one, square, out=cubes)  # and the fourth power
    np.multiply(cube, square, out=fifth)
    np.multiply(cube, cube, out=sixth)
    np.multiply(sixth, sixth, out=twelfth)
    np.multiply(sixth, twelfth, out=eighteenth)


def _parts(run: int) -> int:
    """Into how many parts runs are cut: few products at a time keep the interpreter's lock."""
    parts = 1
    while run % (2 * parts) == 0 and run >= 2 * parts * _PART:
        parts *= 2
    return parts


def _products(
    low: Float64[np.ndarray, "6 s"], high: Float64[np.ndarray, "4 s"], runs: int, parts: int
) -> Float64[np.ndarray, "r 6 4"]:
    """Sums over each run, of the same length, of the products of low and high powers."""
    rows = low.reshape(_LOW, runs * parts, -1).transpose(1, 0, 2)
    found = rows @ high.reshape(_HIGH, runs * parts, -1).transpose(1, 2, 0)
    return np.asarray(found.reshape(runs, parts, _LOW, _HIGH).sum(axis=1))
