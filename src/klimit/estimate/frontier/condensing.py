"""Condensing draws: sorted, cut into bins, kept as the local moments of each bin."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import factorial

import numpy as np
from jaxtyping import Float64, Int64

from klimit.estimate.frontier.condensed import MOMENTS, THREADS, CondensedSums
from klimit.estimate.frontier.sums import HEAVY, Sums, sum_directly
from klimit.estimate.frontier.tails import tail_terms

__all__ = ["condense", "sums_over"]

_BINS = 48
_NEAREST = 1e-4  # of a prompt's range: below this distance from the best, bins do not shrink
_BLOCK = 256_000  # draws that are worked on at a time: more need memory, fewer more calls
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
    counts = np.array([row.size for row in rows])
    ends = np.cumsum(counts)
    rising, shift, power = scratch[:, : ends[-1]]
    np.concatenate(rows, out=rising)
    _sort_each(rising, counts, ends)
    ranks = np.arange(HEAVY)
    at = np.maximum(ends[:, None] - 1 - ranks, 0)
    best = np.where(ranks < counts[:, None], rising[at], -np.inf)
    tied = (best == best[:, :1]).sum(axis=1)
    for i in np.flatnonzero((tied == HEAVY) & (counts > HEAVY)):
        row = rising[ends[i] - counts[i] : ends[i]]
        tied[i] = row.size - row.searchsorted(row[-1])
    lowest, stops = rising[ends - counts], np.maximum(ends - HEAVY, ends - counts)
    starts = _bin_starts(rising, best[:, 0], ends - counts, stops)
    centres, moments = _local_moments(rising, best[:, 0], starts, stops, shift, power)
    return _Block(best, tied, lowest, tail_terms(rising, counts), centres, moments)


def _sort_each(
    rewards: Float64[np.ndarray, " s"],
    counts: Int64[np.ndarray, " q"],
    ends: Int64[np.ndarray, " q"],
) -> None:
    if (counts == counts[0]).all():
        rewards.reshape(counts.size, counts[0]).sort(axis=1)
        return
    for count, end in zip(counts, ends, strict=True):
        rewards[end - count : end].sort()


def _bin_starts(
    rising: Float64[np.ndarray, " s"],
    best: Float64[np.ndarray, " q"],
    starts: Int64[np.ndarray, " q"],
    stops: Int64[np.ndarray, " q"],
) -> Int64[np.ndarray, "q b"]:
    """Where each bin of each prompt begins: edges in geometric progression from the best."""
    farthest = best - rising[starts]
    apart = (stops > starts) & (farthest > 0)
    safe = np.where(apart, farthest, 1.0)
    nearest = np.where(apart, best - rising[np.maximum(stops - 1, 0)], 1.0)
    ratio = np.maximum(nearest / safe, _NEAREST)
    steps = np.arange(1, _BINS) / (_BINS - 1)
    edges = best[:, None] - safe[:, None] * ratio[:, None] ** steps
    begins = np.repeat(stops[:, None], _BINS, axis=1)
    begins[:, 0] = starts
    if apart.any():
        spans = zip(starts[apart].tolist(), stops[apart].tolist(), edges[apart], strict=True)
        found = [rising[start:stop].searchsorted(edge) for start, stop, edge in spans]
        begins[apart, 1:] = starts[apart, None] + np.concatenate(found).reshape(-1, _BINS - 1)
    return begins


def _local_moments(  # noqa: PLR0913, PLR0917
    rising: Float64[np.ndarray, " s"],
    best: Float64[np.ndarray, " q"],
    starts: Int64[np.ndarray, "q b"],
    stops: Int64[np.ndarray, " q"],
    shift: Float64[np.ndarray, " s"],
    power: Float64[np.ndarray, " s"],
) -> tuple[Float64[np.ndarray, "q b"], Float64[np.ndarray, "q b j"]]:
    begins = np.column_stack([starts, stops])  # the best of a prompt, kept apart, come last
    flat = np.append(begins.ravel(), rising.size)
    sizes = np.diff(flat)
    filled = np.flatnonzero(sizes)
    first, last = flat[filled], flat[filled] + sizes[filled] - 1
    middles = np.zeros(sizes.size)
    middles[filled] = (rising[first] + rising[last]) / 2
    np.subtract(rising, np.repeat(middles, sizes), out=shift)
    found = np.empty((MOMENTS, filled.size))
    found[0] = sizes[filled]
    np.add.reduceat(shift, first, out=found[1])
    power[:] = shift
    for j in range(2, MOMENTS):
        np.multiply(power, shift, out=power)
        np.add.reduceat(power, first, out=found[j])
    moments = np.zeros((sizes.size, MOMENTS))
    moments[filled] = found.T / _FACTORIALS
    own = (best.size, _BINS + 1)
    centres = np.where(sizes.reshape(own) > 0, middles.reshape(own) - best[:, None], 0.0)
    return centres[:, :-1], moments.reshape(*own, MOMENTS)[:, :-1]


def sums_over(rows: Sequence[Float64[np.ndarray, " _"]]) -> Sums:
    """Draws made ready for sums under many tilts: condensed where they are many a prompt.

    Args:
        rows: The rewards of each prompt, in any order.

    Returns:
        The draws; both ways give the same sums to about ``1e-12``.

    Example:
        >>> type(sums_over([np.zeros(3)])).__name__
        'DirectSums'
    """
    kept = _BINS * MOMENTS * len(rows)  # numbers: with fewer draws there is nothing to condense
    many = sum(row.size for row in rows) > max(_MANY, kept)
    return condense(rows) if many else sum_directly(rows)
