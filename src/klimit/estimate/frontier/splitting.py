"""Parting the draws of each prompt: those far below the best are summed, the near ones kept."""

from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import numpy as np
from jaxtyping import Float64, Int64, Shaped

from klimit.estimate.frontier.raising import KNOWN, TINY, Raising
from klimit.estimate.frontier.stretches import RATIO

__all__ = ["Scratch", "Split", "blocks_of", "split"]

_LONG = 800  # draws of a prompt from which parting it pays
_NEAR = 0.7  # share of draws near the best above which it does not
_MODERATE = 1e12  # distances from the inverse of it up to it have powers that floats hold
_PIECE = 64_000  # draws whose powers are taken at a time: more fall out of the cache
_RUN = 5000  # and of one prompt multiplied: larger products start threads that wait,
_PART = 512  # and fewer bring too few products a call, for which it keeps the lock


class Scratch:
    """Memory in which all pieces are worked on; new pages would cost more than sums.

    Attributes:
        near: For which draws are near, shape ``(s,)``.
        raising: For the powers of a piece.
    """

    def __init__(self, draws: int) -> None:
        self.near = np.empty(draws, dtype=np.bool_)
        self.raising = Raising(_PIECE + _RUN)


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The draws of some prompts, parted.

    Attributes:
        near: The rewards of each prompt that are kept, in their order, shape ``(s,)``.
        kept: How many those are, shape ``(q,)``.
        lowest: The lowest reward of each prompt, shape ``(q,)``.
        middle: The middle of the range of the others, shape ``(q,)``; of no meaning where
            there are none.
        half: Half that range, 0 where there are none, shape ``(q,)``.
        powers: Sums over the others of the powers 0 to 23 of their distances from the middle,
            by half the range, shape ``(q, 24)``.
    """

    near: Float64[np.ndarray, " s"]
    kept: Int64[np.ndarray, " q"]
    lowest: Float64[np.ndarray, " q"]
    middle: Float64[np.ndarray, " q"]
    half: Float64[np.ndarray, " q"]
    powers: Float64[np.ndarray, "q k"]


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
        or most of them are near, and the best where too few are.
    """
    starts = np.append(0, np.cumsum(counts))
    best, lowest = (_of_each(f, rewards, counts) for f in (np.maximum, np.minimum))
    spans = (best - lowest) / RATIO
    limits = np.where((counts >= _LONG) & (spans > TINY), best - spans, -np.inf)
    near = scratch.near[: rewards.size]
    _with_each(np.greater, rewards, limits, counts, out=near)
    found = np.flatnonzero(near)
    cuts = found.searchsorted(starts)
    kept = np.diff(cuts)
    moved = np.flatnonzero((kept < least) | ((kept > _NEAR * counts) & (kept < counts)))
    parts, after = [], 0
    for i in moved:
        row, own = rewards[starts[i] : starts[i + 1]], near[starts[i] : starts[i + 1]]
        if kept[i] < least[i]:
            limits[i] = np.partition(row, row.size - least[i])[row.size - least[i]]
            kept[i] = np.count_nonzero(np.greater_equal(row, limits[i], out=own))
        if kept[i] > _NEAR * counts[i]:
            own[:], kept[i] = True, counts[i]
        parts += [found[after : cuts[i]], np.flatnonzero(own) + starts[i]]
        after = cuts[i + 1]
    found = np.concatenate([*parts, found[after:]]) if parts else found
    far = kept < counts
    half = np.where(far, (limits - lowest) / 2, 0.0)
    middle = np.where(far, lowest + half, lowest)
    if not far.any():
        none = np.zeros((counts.size, KNOWN))
        return Split(rewards.copy(), kept, lowest, middle, half, none)
    powers = _powers(rewards, counts, found, np.stack([middle, half]), scratch.raising)
    powers[:, 0] -= kept
    powers[~far] = 0.0
    return Split(rewards[found], kept, lowest, middle, half, powers)


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
    starts, edges = np.append(0, np.cumsum(counts)), [0]
    while edges[-1] < counts.size:
        end = int(starts.searchsorted(starts[edges[-1]] + draws))
        edges.append(min(end, counts.size))
    return list(pairwise(edges))


def _powers(
    rewards: Float64[np.ndarray, " s"],
    counts: Int64[np.ndarray, " q"],
    near: Int64[np.ndarray, " n"],
    ranges: Float64[np.ndarray, "2 q"],
    raising: Raising,
) -> Float64[np.ndarray, "q 24"]:
    """Sums over each prompt of the powers of distances from the middle, by half the range.

    The near draws count as 0. Dividing the sums is faster, but their powers must be floats.
    """
    middle, half = ranges
    after = np.where(half > 0, half, 1.0)
    divisor = None if 1 / _MODERATE < after.min() <= after.max() < _MODERATE else after
    owners, runs = _runs(counts)  # every prompt has some
    starts = np.append(0, np.cumsum(runs))
    pieces = blocks_of(runs, draws=_PIECE)
    cuts = near.searchsorted(starts[[0, *(j for _, j in pieces)]])
    sums = np.empty((runs.size, KNOWN))
    for (i, j), cut in zip(pieces, pairwise(cuts.tolist()), strict=True):
        some, own, piece = runs[i:j], owners[i:j], rewards[starts[i] : starts[j]]
        distances = raising.distances(piece.size)
        _with_each(np.subtract, piece, middle[own], some, out=distances)
        if divisor is not None:
            _with_each(np.divide, distances, divisor[own], some, out=distances)
        distances[near[slice(*cut)] - starts[i]] = 0.0
        sums[i:j] = raising.sums(some)
    if runs.size > counts.size:
        sums = np.add.reduceat(sums, owners.searchsorted(np.arange(counts.size)))
    return sums if divisor is not None else sums / after[:, None] ** np.arange(KNOWN)


def _of_each(
    extreme: np.ufunc, rewards: Float64[np.ndarray, " s"], counts: Int64[np.ndarray, " q"]
) -> Float64[np.ndarray, " q"]:
    """The largest or smallest reward of each prompt."""
    if (counts == counts[0]).all():  # unlike `reduceat` it gives up the interpreter's lock
        return np.asarray(extreme.reduce(rewards.reshape(counts.size, -1), axis=1))
    return np.asarray(extreme.reduceat(rewards, np.cumsum(counts) - counts))


def _with_each(
    operation: np.ufunc,
    numbers: Float64[np.ndarray, " s"],
    each: Float64[np.ndarray, " r"],
    runs: Int64[np.ndarray, " r"],
    *,
    out: Shaped[np.ndarray, " s"],
) -> None:
    """An operation on numbers and one number that each run of them has."""
    if (runs == runs[0]).all():
        operation(numbers.reshape(runs.size, -1), each[:, None], out=out.reshape(runs.size, -1))
    else:
        operation(numbers, np.repeat(each, runs), out=out)


def _runs(
    counts: Int64[np.ndarray, " q"],
) -> tuple[Int64[np.ndarray, " r"], Int64[np.ndarray, " r"]]:
    """Draws cut into runs of one prompt each: whose they are, and how long."""
    if counts.max() <= _RUN:
        count, equal = int(counts[0]), 1  # runs that are alike are multiplied in one call
        alike = (counts == count).all()
        while alike and count % (2 * equal) == 0 and count >= 2 * equal * _PART:
            equal *= 2
        return np.repeat(np.arange(counts.size), equal), np.repeat(counts // equal, equal)
    parts = [ceil(count / _RUN) for count in counts.tolist()]
    cuts = [count * np.arange(n + 1) // n for count, n in zip(counts, parts, strict=True)]
    return np.repeat(np.arange(counts.size), parts), np.concatenate([*map(np.diff, cuts)])
