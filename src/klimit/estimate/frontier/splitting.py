"""Parting the draws of each prompt: those far below the best are summed, the near ones kept."""

from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import numpy as np
from jaxtyping import Bool, Float64, Int64, Shaped

from klimit.estimate.frontier.far import KNOWN, FarDraws

__all__ = ["Scratch", "Split", "blocks_of", "split"]

_LOW, _HIGH = 6, 4  # the powers 0 to 5 times 0, 6, 12 and 18 are the powers 0 to 23
_LONG = 800  # draws of a prompt from which parting it pays
_WIDER = 1.4  # times the span, until enough are near
_NEAR = 0.7  # share of draws near the best above which it does not
_SPAN = 1e-290  # below which its parts are too small to divide by
_MODERATE = 1e12  # distances from the inverse of it up to it have powers that floats hold
_PIECE = 128_000  # draws whose powers are taken at a time: more fall out of the cache
_RUN = 5000  # and of one prompt multiplied: larger products start threads that wait


class Scratch:
    """Memory in which all pieces are worked on; new pages would cost more than sums.

    Attributes:
        near: For which draws are near, shape ``(s,)``.
        low: For the powers 0 to 5, shape ``(6, l)``.
        high: For the powers 0, 6, 12 and 18, shape ``(4, l)``.
    """

    def __init__(self, draws: int) -> None:
        size = min(draws, _PIECE + _RUN)
        self.near = np.empty(draws, dtype=np.bool_)
        self.low, self.high = np.empty((_LOW, size)), np.empty((_HIGH, size))
        self.low[0] = self.high[0] = 1.0

    def pair(self, draws: int) -> Float64[np.ndarray, "2 s"]:
        """Two rows for numbers of so many draws, of the same memory where they fit."""
        fits = draws <= self.low.shape[1]
        return self.low[1:3, :draws] if fits else np.empty((2, draws))


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The draws of some prompts, parted.

    Attributes:
        near: The rewards of each prompt that are kept, in their order, shape ``(s,)``.
        kept: How many those are, shape ``(q,)``.
        lowest: The lowest reward of each prompt, shape ``(q,)``.
        middle: The middle of the range of the others, shape ``(q,)``; of no meaning where
            there are none.
        far: The others.
    """

    near: Float64[np.ndarray, " s"]
    kept: Int64[np.ndarray, " q"]
    lowest: Float64[np.ndarray, " q"]
    middle: Float64[np.ndarray, " q"]
    far: FarDraws


def split(
    rewards: Float64[np.ndarray, " s"],
    counts: Int64[np.ndarray, " q"],
    *,
    least: Int64[np.ndarray, " q"],
    scratch: Scratch,
) -> Split:
    """Part the draws of each prompt at a third of their range below the best.

    Args:
        rewards: The rewards of each prompt, in any order, prompt after prompt, shape ``(s,)``.
        counts: Number of draws of each prompt, at least 1, shape ``(q,)``.
        least: How many of the best at least are kept; no more than there are, shape ``(q,)``.
        scratch: Memory to work in.

    Returns:
        The draws near the best, and the sums over the others; all are near where they are few
        or most of them are near.
    """
    ends = np.cumsum(counts)
    starts = ends - counts
    best, lowest = (f.reduceat(rewards, starts) for f in (np.maximum, np.minimum))
    spans = (best - lowest) / 3
    limits = np.where((counts >= _LONG) & (spans > _SPAN), best - spans, -np.inf)
    near = _above(rewards, limits, counts, out=scratch.near[: rewards.size])
    kept = _counted(near, counts)
    for i in np.flatnonzero(kept < least):
        row, own = rewards[starts[i] : ends[i]], near[starts[i] : ends[i]]
        while kept[i] < least[i]:
            spans[i] *= _WIDER
            limits[i] = best[i] - spans[i]
            kept[i] = np.count_nonzero(np.greater(row, limits[i], out=own))
    for i in np.flatnonzero(kept > _NEAR * counts):
        near[starts[i] : ends[i]], kept[i] = True, counts[i]
    far = kept < counts
    half = np.where(far, (limits - lowest) / 2, 0.0)
    middle = np.where(far, lowest + half, lowest)
    if not far.any():
        powers = np.zeros((counts.size, KNOWN))
        return Split(rewards.copy(), kept, lowest, middle, FarDraws.from_powers(half, powers))
    powers = _powers(rewards, counts, middle, half, scratch)
    powers -= kept[:, None]  # the near ones were taken as 1
    powers[~far] = 0.0
    found = rewards[np.flatnonzero(near)]
    return Split(found, kept, lowest, middle, FarDraws.from_powers(half, powers))


def blocks_of(counts: Int64[np.ndarray, " p"], *, draws: int) -> list[tuple[int, int]]:
    """Where each block of prompts, of so many draws or a little more, begins and ends.

    Args:
        counts: Number of draws of each prompt, shape ``(p,)``.
        draws: Number of draws at which a block ends.

    Returns:
        The first prompt of each block, and the first behind it.

    Example:
        >>> blocks_of(np.array([3, 3, 3]), draws=5)
        [(0, 2), (2, 3)]
    """
    size, edges = 0, [0]
    for i, count in enumerate(counts.tolist(), start=1):
        size += count
        if size >= draws or i == counts.size:
            size = 0
            edges.append(i)
    return list(pairwise(edges))


def _above(
    rewards: Float64[np.ndarray, " s"],
    limits: Float64[np.ndarray, " q"],
    counts: Int64[np.ndarray, " q"],
    *,
    out: Bool[np.ndarray, " s"],
) -> Bool[np.ndarray, " s"]:
    limit = _spread(limits, counts)
    np.greater(_rows(rewards, counts), limit, out=_rows(out, counts))
    return out


def _counted(
    near: Bool[np.ndarray, " s"], counts: Int64[np.ndarray, " q"]
) -> Int64[np.ndarray, " q"]:
    """How many of each prompt's draws are near."""
    if (counts == counts[0]).all():
        return np.asarray(np.count_nonzero(near.reshape(counts.size, -1), axis=1))
    found = np.flatnonzero(near)
    return np.diff(found.searchsorted(np.append(0, np.cumsum(counts))))


def _powers(
    rewards: Float64[np.ndarray, " s"],
    counts: Int64[np.ndarray, " q"],
    middle: Float64[np.ndarray, " q"],
    half: Float64[np.ndarray, " q"],
    scratch: Scratch,
) -> Float64[np.ndarray, "q 24"]:
    """Sums over each prompt of the powers of distances from the middle, by half the range.

    None of them counts as more than 1.
    """
    top, divisor = np.where(half > 0, half, 1.0), None  # dividing the sums is faster
    if top.min() < 1 / _MODERATE or top.max() > _MODERATE:
        top, divisor = np.ones(half.size), top
    owners, runs = _runs(counts)
    starts = np.append(0, np.cumsum(runs))
    sums = np.zeros((counts.size, _LOW, _HIGH))
    for i, j in blocks_of(runs, draws=_PIECE):
        some, own = slice(i, j), owners[i:j]
        piece = rewards[starts[i] : starts[j]]
        low, high = scratch.low[:, : piece.size], scratch.high[:, : piece.size]
        rows = _rows(low[1], runs[some])
        np.subtract(_rows(piece, runs[some]), _spread(middle[own], runs[some]), out=rows)
        if divisor is not None:
            np.divide(rows, _spread(divisor[own], runs[some]), out=rows)
        np.minimum(rows, _spread(top[own], runs[some]), out=rows)
        _raise(low, high)
        np.add.at(sums, own, _products(low, high, runs[some]))
    powers = sums.transpose(0, 2, 1).reshape(counts.size, KNOWN)
    return powers / top[:, None] ** np.arange(KNOWN)


def _rows(
    numbers: Shaped[np.ndarray, " s"], runs: Int64[np.ndarray, " r"]
) -> Shaped[np.ndarray, "..."]:
    """The numbers as a table, a row a run, where these are of the same length."""
    return numbers.reshape(runs.size, -1) if (runs == runs[0]).all() else numbers


def _spread(
    numbers: Float64[np.ndarray, " r"], runs: Int64[np.ndarray, " r"]
) -> Float64[np.ndarray, "..."]:
    """One number a run, for what `_rows` returns."""
    return numbers[:, None] if (runs == runs[0]).all() else np.repeat(numbers, runs)


def _products(
    low: Float64[np.ndarray, "6 s"],
    high: Float64[np.ndarray, "4 s"],
    runs: Int64[np.ndarray, " r"],
) -> Float64[np.ndarray, "r 6 4"]:
    """Sums over each run of the products of low and high powers."""
    if (runs == runs[0]).all():
        rows = low.reshape(_LOW, runs.size, -1).transpose(1, 0, 2)
        return np.asarray(rows @ high.reshape(_HIGH, runs.size, -1).transpose(1, 2, 0))
    cuts = pairwise([0, *np.cumsum(runs).tolist()])
    return np.array([low[:, a:b] @ high[:, a:b].T for a, b in cuts])


def _runs(
    counts: Int64[np.ndarray, " q"],
) -> tuple[Int64[np.ndarray, " r"], Int64[np.ndarray, " r"]]:
    """Draws cut into runs of one prompt each: whose they are, and how long."""
    if counts.max() <= _RUN:
        return np.arange(counts.size), counts
    parts = [ceil(count / _RUN) for count in counts.tolist()]
    cuts = [count * np.arange(n + 1) // n for count, n in zip(counts, parts, strict=True)]
    return np.repeat(np.arange(counts.size), parts), np.concatenate([*map(np.diff, cuts)])


def _raise(low: Float64[np.ndarray, "6 s"], high: Float64[np.ndarray, "4 s"]) -> None:
    """The powers 2 to 5, and 6, 12 and 18, of what is in ``low[1]``."""
    _double(low)
    np.multiply(low[3], low[3], out=high[1])
    _double(high)


def _double(powers: Float64[np.ndarray, "k s"]) -> None:
    """All powers of the first, in few calls, for after each threads wait for one another."""
    known, most = 1, len(powers) - 1
    while known < most:
        more = slice(known + 1, min(2 * known, most) + 1)
        np.multiply(powers[1 : more.stop - known], powers[known], out=powers[more])
        known = more.stop - 1
