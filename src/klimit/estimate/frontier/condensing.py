"""Condensing draws: sorted, cut into bins, kept as the local moments of each bin."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import factorial

import numpy as np
from jaxtyping import Float64, Int64

from klimit.estimate.frontier.condensed import MOMENTS, THREADS, CondensedSums
from klimit.estimate.frontier.sums import HEAVY, Sums, sum_directly, tail_moments

__all__ = ["condense", "sums_over"]

_BINS = 48
_NEAREST = 1e-4  # of a prompt's range: below this distance from the best, bins do not shrink
_BLOCK = 32_000  # draws that are worked on at a time: they stay in the processor's cache
_MANY = 100_000  # draws from which condensing them costs less than passing over them often
_FACTORIALS = np.array([float(factorial(j)) for j in range(MOMENTS)])


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    best: Float64[np.ndarray, "q h"]
    tied: Int64[np.ndarray, " q"]
    lowest: Float64[np.ndarray, " q"]
    tails: Float64[np.ndarray, "2 q"]
    centres: Float64[np.ndarray, "q b"]
    moments: Float64[np.ndarray, "q b j"]


def condense(rows: Sequence[Float64[np.ndarray, " _"]]) -> CondensedSums:
    """Condense draws, block by block, on two threads.

    Args:
        rows: The rewards of each prompt, in any order.

    Returns:
        The draws, ready for sums under many tilts.

    Example:
        >>> sums = condense([np.linspace(0.0, 1.0, 1001), np.zeros(3)])
        >>> sums.at(np.ones(2)).cgf.round(6)  # log(e - 1) for the first, in the limit
        array([0.541407, 0.      ])
    """
    work = list(_blocks(rows))
    with ThreadPoolExecutor(THREADS) as pool:
        shares = list(pool.map(_condensed_all, [work[i::THREADS] for i in range(THREADS)]))
    blocks = [shares[i % THREADS][i // THREADS] for i in range(len(work))]
    return CondensedSums(
        np.array([row.size for row in rows]),
        np.concatenate([block.best for block in blocks]),
        np.concatenate([block.tied for block in blocks]),
        np.concatenate([block.lowest for block in blocks]),
        np.concatenate([block.tails for block in blocks], axis=1),
        np.concatenate([block.centres for block in blocks]),
        np.concatenate([block.moments for block in blocks]),
    )


def _blocks(
    rows: Sequence[Float64[np.ndarray, " _"]],
) -> Iterator[Sequence[Float64[np.ndarray, " _"]]]:
    start, size = 0, 0
    for i, row in enumerate(rows):
        size += row.size
        if size >= _BLOCK or i + 1 == len(rows):
            yield rows[start : i + 1]
            start, size = i + 1, 0


def _condensed_all(work: Sequence[Sequence[Float64[np.ndarray, " _"]]]) -> list[_Block]:
    """Condense blocks one after another in the same memory: new pages cost more than sums."""
    largest = max((sum(row.size for row in rows) for rows in work), default=0)
    scratch = np.empty((3, largest))
    return [_condensed(rows, scratch) for rows in work]


def _condensed(
    rows: Sequence[Float64[np.ndarray, " _"]], scratch: Float64[np.ndarray, "3 s"]
) -> _Block:
    q = len(rows)
    best = np.full((q, HEAVY), -np.inf)
    tied, lowest = np.empty(q, dtype=np.int64), np.empty(q)
    rising = [np.sort(row) for row in rows]
    for i, row in enumerate(rising):
        kept = min(HEAVY, row.size)
        best[i, :kept] = row[: -kept - 1 : -1]
        tied[i] = row.size - row.searchsorted(row[-1])
        lowest[i] = row[0]
    sizes = np.array([max(row.size - HEAVY, 0) for row in rows])
    ends = np.cumsum(sizes)
    others, shift, power = scratch[:, : ends[-1]]
    for row, top, size, end in zip(rising, best[:, 0], sizes, ends, strict=True):
        np.subtract(row[:size], top, out=others[end - size : end])
    starts = _bin_starts(others, ends - sizes, ends)
    centres, moments = _local_moments(others, starts, shift, power)
    tails = np.array([tail_moments(row) for row in rising]).T
    return _Block(best, tied, lowest, tails, centres, moments)


def _bin_starts(
    others: Float64[np.ndarray, " o"],
    starts: Int64[np.ndarray, " q"],
    ends: Int64[np.ndarray, " q"],
) -> Int64[np.ndarray, "q b"]:
    """Where each bin of each prompt begins: edges in geometric progression from the best."""
    begins = np.repeat(ends[:, None], _BINS, axis=1)
    steps = np.arange(1, _BINS) / (_BINS - 1)
    for row, start, end in zip(begins, starts, ends, strict=True):
        if start == end:
            continue
        row[0] = start
        mine = others[start:end]
        farthest = -float(mine[0])
        if farthest > 0:
            nearest = max(-float(mine[-1]) / farthest, _NEAREST)
            row[1:] = start + mine.searchsorted(-farthest * nearest**steps)
    return begins


def _local_moments(
    others: Float64[np.ndarray, " o"],
    starts: Int64[np.ndarray, "q b"],
    shift: Float64[np.ndarray, " o"],
    power: Float64[np.ndarray, " o"],
) -> tuple[Float64[np.ndarray, "q b"], Float64[np.ndarray, "q b j"]]:
    flat = np.append(starts.ravel(), others.size)
    sizes = np.diff(flat)
    filled = np.flatnonzero(sizes)
    centres, moments = np.zeros(sizes.size), np.zeros((sizes.size, MOMENTS))
    moments[:, 0] = sizes
    if filled.size:
        begins, last = flat[filled], flat[filled] + sizes[filled] - 1
        centres[filled] = (others[begins] + others[last]) / 2
        np.subtract(others, np.repeat(centres, sizes), out=shift)
        power[:] = shift
        moments[filled, 1] = np.add.reduceat(power, begins)
        for j in range(2, MOMENTS):
            np.multiply(power, shift, out=power)
            moments[filled, j] = np.add.reduceat(power, begins) / _FACTORIALS[j]
    return centres.reshape(starts.shape), moments.reshape(*starts.shape, MOMENTS)


def sums_over(rows: Sequence[Float64[np.ndarray, " _"]]) -> Sums:
    """Draws made ready for sums under many tilts: condensed where they are many.

    Args:
        rows: The rewards of each prompt, in any order.

    Returns:
        The draws; both ways give the same sums to about ``1e-12``.

    Example:
        >>> type(sums_over([np.zeros(3)])).__name__
        'DirectSums'
    """
    many = sum(row.size for row in rows) > _MANY
    return condense(rows) if many else sum_directly(rows)
