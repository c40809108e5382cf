"""Condensing draws: sorted, cut into bins, kept as the local moments of each bin."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from math import factorial, log

import numpy as np
from jaxtyping import Float64, Int64

from klimit.estimate.frontier.condensed import MOMENTS, CondensedSums
from klimit.estimate.frontier.sums import HEAVY, Sums, sum_directly
from klimit.estimate.frontier.tails import tail_terms

__all__ = ["condense", "sums_over"]

_WIDTH = 0.6  # of a bin, in proportion to its distance from the best, times log(draws)
_WIDEST = 0.15  # and at the most, where draws are few
_NEAREST = 1e-20  # of a prompt's range: below this distance from the best, bins do not shrink
_BLOCK = 512_000  # draws that are sorted at a time: more need memory, fewer more calls
_PIECE = 64_000  # draws whose powers are summed at a time: they stay in the processor's cache
_WORTH = 0.7  # share of bins with draws above which leaving out the others costs more
_MANY, _EACH = 100_000, 400  # draws in all and a prompt from which condensing them pays
_FACTORIALS = np.array([float(factorial(j)) for j in range(MOMENTS)])


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    best: Float64[np.ndarray, "q h"]
    tied: Int64[np.ndarray, " q"]
    lowest: Float64[np.ndarray, " q"]
    tails: Float64[np.ndarray, "2 q"]
    centres: Float64[np.ndarray, "q b"]
    moments: Float64[np.ndarray, "j q b"]


def condense(
    rewards: Float64[np.ndarray, " s"], counts: Int64[np.ndarray, " p"]
) -> CondensedSums:
    """Condense draws, block by block, while another thread sorts the next block.

    Args:
        rewards: The rewards of each prompt, in any order, prompt after prompt, shape ``(s,)``.
        counts: Number of draws of each prompt, at least 1, shape ``(p,)``.

    Returns:
        The draws, ready for sums under many tilts.

    Example:
        >>> rewards = np.append(np.linspace(0.0, 1.0, 1001), np.zeros(3))
        >>> sums = condense(rewards, np.array([1001, 3]))
        >>> sums.at(np.ones(2)).cgf.round(6)  # log(e - 1) for the first, in the limit
        array([0.541407, 0.      ])
    """
    starts, spans = np.append(0, np.cumsum(counts)), _blocks(counts, draws=_BLOCK)
    work = [(rewards[starts[i] : starts[j]], counts[i:j]) for i, j in spans]
    largest = max(some.size for some, _ in work)
    # one memory for all blocks: new pages cost more than sums
    turns = np.empty((2, largest))
    scratch = np.empty((2, min(_PIECE + int(counts.max()), largest)))
    blocks: list[_Block] = []
    with ThreadPoolExecutor(1) as sorter:
        ahead = sorter.submit(_sorted, *work[0], turns[0])
        for i, (_, own) in enumerate(work):
            rising, tails = ahead.result()
            if i + 1 < len(work):
                ahead = sorter.submit(_sorted, *work[i + 1], turns[(i + 1) % 2])
            blocks.append(_condensed(rising, own, tails, scratch))
    bins = max(block.centres.shape[1] for block in blocks)
    centres, moments = np.zeros((counts.size, bins)), np.zeros((MOMENTS, counts.size, bins))
    for (i, j), block in zip(spans, blocks, strict=True):
        width = block.centres.shape[1]  # of fewer bins the last ones stay empty
        centres[i:j, :width], moments[:, i:j, :width] = block.centres, block.moments
    best = np.concatenate([block.best for block in blocks])
    return CondensedSums(
        counts,
        best,
        np.where(best > -np.inf, best - best[:, :1], 0.0),
        np.concatenate([block.tied for block in blocks]),
        np.concatenate([block.lowest for block in blocks]),
        np.concatenate([block.tails for block in blocks], axis=1),
        centres,
        moments,
    )


def _blocks(counts: Int64[np.ndarray, " p"], *, draws: int) -> list[tuple[int, int]]:
    """Where each block of prompts, of so many draws or a little more, begins and ends."""
    size, edges = 0, [0]
    for i, count in enumerate(counts.tolist(), start=1):
        size += count
        if size >= draws or i == counts.size:
            size = 0
            edges.append(i)
    return list(pairwise(edges))


def _sorted(
    rewards: Float64[np.ndarray, " s"],
    counts: Int64[np.ndarray, " q"],
    memory: Float64[np.ndarray, " l"],
) -> tuple[Float64[np.ndarray, " s"], Float64[np.ndarray, "2 q"]]:
    """The rewards of each prompt, rising, and what the best tell of the weights' tail."""
    rising = memory[: rewards.size]
    np.copyto(rising, rewards)
    if (counts == counts[0]).all():
        rising.reshape(counts.size, counts[0]).sort(axis=1)
    else:
        ends = np.cumsum(counts)
        for start, end in zip(ends - counts, ends, strict=True):
            rising[start:end].sort()
    return rising, tail_terms(rising, counts)


def _condensed(
    rising: Float64[np.ndarray, " s"],
    counts: Int64[np.ndarray, " q"],
    tails: Float64[np.ndarray, "2 q"],
    scratch: Float64[np.ndarray, "2 l"],
) -> _Block:
    ends = np.cumsum(counts)
    ranks = np.arange(HEAVY)
    at = np.maximum(ends[:, None] - 1 - ranks, 0)
    best = np.where(ranks < counts[:, None], rising[at], -np.inf)
    tied = (best == best[:, :1]).sum(axis=1)
    for i in np.flatnonzero((tied == HEAVY) & (counts > HEAVY)):
        row = rising[ends[i] - counts[i] : ends[i]]
        tied[i] = row.size - row.searchsorted(row[-1])
    lowest, stops = rising[ends - counts], np.maximum(ends - HEAVY, ends - counts)
    next_best = rising[np.maximum(np.minimum(stops, ends - tied) - 1, ends - counts)]
    edges = _edges(best[:, 0], next_best, lowest, width=_bin_width(int(counts.max())))
    begins = _bin_begins(rising, edges, ends - counts, stops)
    starts = np.append(0, ends)
    pieces = [
        _local_moments(rising[starts[i] : starts[j]], begins[i:j] - starts[i], scratch)
        for i, j in _blocks(counts, draws=_PIECE)
    ]
    middles, moments = (np.concatenate(found, axis=-2) for found in zip(*pieces, strict=True))
    return _Block(best, tied, lowest, tails, *_without_empty(middles - best[:, :1], moments))


def _bin_width(draws: int) -> float:
    """In proportion to the distance: most weight is within log(draws) over beta of the best."""
    return min(_WIDTH / log(max(draws / HEAVY, 2.0)), _WIDEST)


def _edges(
    best: Float64[np.ndarray, " q"],
    next_best: Float64[np.ndarray, " q"],
    lowest: Float64[np.ndarray, " q"],
    *,
    width: float,
) -> Float64[np.ndarray, "q e"]:
    """Edges between bins, rising, in geometric progression of their distance from the best.

    The last one lies between the best and the best of those that are not kept one by one, so
    that draws tied with the best are not in one bin with others.
    """
    farthest = np.where(best > lowest, best - lowest, 1.0)
    ratio = np.where(best > next_best, 0.9 * (best - next_best) / farthest, 1.0)
    ratio = np.maximum(ratio, _NEAREST)
    bins = max(int(np.ceil(-np.log(ratio.min()) / width)), 1)
    steps = np.arange(1, bins + 1) / bins
    return np.asarray(best[:, None] - farthest[:, None] * ratio[:, None] ** steps)


def _bin_begins(
    rising: Float64[np.ndarray, " s"],
    edges: Float64[np.ndarray, "q e"],
    starts: Int64[np.ndarray, " q"],
    stops: Int64[np.ndarray, " q"],
) -> Int64[np.ndarray, "q b1"]:
    """Where each bin of a prompt begins, and behind them its best draws, kept one by one."""
    spans = zip(starts.tolist(), stops.tolist(), edges, strict=True)
    found = [rising[start:stop].searchsorted(edge) for start, stop, edge in spans]
    return np.column_stack([starts, starts[:, None] + np.array(found), stops])


def _local_moments(
    rising: Float64[np.ndarray, " s"],
    begins: Int64[np.ndarray, "q b1"],
    scratch: Float64[np.ndarray, "2 l"],
) -> tuple[Float64[np.ndarray, "q b"], Float64[np.ndarray, "j q b"]]:
    """Middles of the bins and the moments about them."""
    shift, power = scratch[:, : rising.size]
    flat = np.append(begins.ravel(), rising.size)
    first, sizes = flat[:-1], np.diff(flat)
    middles = (rising[first] + rising[np.maximum(flat[1:] - 1, first)]) / 2
    np.subtract(rising, np.repeat(middles, sizes), out=shift)
    moments = np.empty((MOMENTS, sizes.size))
    moments[0] = sizes
    np.add.reduceat(shift, first, out=moments[1])
    np.multiply(shift, shift, out=power)
    for j in range(2, MOMENTS):
        np.add.reduceat(power, first, out=moments[j])
        if j + 1 < MOMENTS:
            np.multiply(power, shift, out=power)
    moments /= _FACTORIALS[:, None]
    moments[:, sizes == 0] = 0.0  # where the sum over no draws is the next one
    moments = moments.reshape(MOMENTS, *begins.shape)
    return middles.reshape(begins.shape)[:, :-1], moments[:, :, :-1]


def _without_empty(
    centres: Float64[np.ndarray, "q b"], moments: Float64[np.ndarray, "j q b"]
) -> tuple[Float64[np.ndarray, "q b2"], Float64[np.ndarray, "j q b2"]]:
    """Bins with draws first, and no more of the others than some prompt makes needed."""
    empty = moments[0] == 0
    most = int((~empty).sum(axis=1).max())
    if most > _WORTH * empty.shape[1]:
        return centres, moments
    kept = np.argsort(empty, axis=1, kind="stable")[:, :most]
    return (
        np.take_along_axis(centres, kept, axis=1),
        np.take_along_axis(moments, kept[None], axis=2),
    )


def sums_over(rewards: Float64[np.ndarray, " s"], counts: Int64[np.ndarray, " p"]) -> Sums:
    """Draws made ready for sums under many tilts: condensed where they are many a prompt.

    Args:
        rewards: The rewards of each prompt, in any order, prompt after prompt, shape ``(s,)``.
        counts: Number of draws of each prompt, at least 1, shape ``(p,)``.

    Returns:
        The draws; both ways give the same sums to about ``1e-11``.

    Example:
        >>> type(sums_over(np.zeros(3), np.array([3]))).__name__
        'DirectSums'
    """
    many = rewards.size > max(_MANY, _EACH * counts.size)
    return condense(rewards, counts) if many else sum_directly(rewards, counts)
