"""Condensing draws: those near the best are cut into bins, of the others powers are summed."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil, factorial, log

import numpy as np
from jaxtyping import Float64, Int64

from klimit.estimate.frontier.condensed import MOMENTS, CondensedSums
from klimit.estimate.frontier.far import FarDraws
from klimit.estimate.frontier.splitting import Scratch, blocks_of, split
from klimit.estimate.frontier.sums import HEAVY, Sums, sum_directly
from klimit.estimate.frontier.tails import tail_sizes, tail_terms

__all__ = ["condense", "sums_over"]

_WIDTH = 0.6  # of a bin, in proportion to its distance from the best, times log(draws)
_WIDEST = 0.15  # and at the most, where draws are few
_NEAREST = 1e-20  # of a prompt's range: below this distance from the best, bins do not shrink
_BLOCK = 1_000_000  # draws that are worked on at a time: more need memory, fewer more calls
_PIECE = 64_000  # draws whose powers are summed at a time: they stay in the processor's cache
_THREADS = 2
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
    far: FarDraws


def condense(
    rewards: Float64[np.ndarray, " s"], counts: Int64[np.ndarray, " p"]
) -> CondensedSums:
    """Condense draws, two blocks of prompts at a time.

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
    turns = max(round(rewards.size / (_THREADS * _BLOCK)), 1)  # of each thread, alike in size
    spans = blocks_of(counts, draws=ceil(rewards.size / (_THREADS * turns)))
    starts = np.append(0, np.cumsum(counts))
    work = [(rewards[starts[i] : starts[j]], counts[i:j]) for i, j in spans]

    def condensed(turn: int) -> list[_Block]:
        own = work[turn::_THREADS]
        scratch = Scratch(max((some.size for some, _ in own), default=0))
        return [_condensed(*some, scratch) for some in own]

    with ThreadPoolExecutor(_THREADS - 1) as pool:
        others = pool.map(condensed, range(1, _THREADS))
        found = [condensed(0), *others]
    blocks = [found[i % _THREADS][i // _THREADS] for i in range(len(work))]
    return _joined(blocks, counts)


def _joined(blocks: list[_Block], counts: Int64[np.ndarray, " p"]) -> CondensedSums:
    bins = max(block.centres.shape[1] for block in blocks)
    centres, moments = np.zeros((counts.size, bins)), np.zeros((MOMENTS, counts.size, bins))
    start = 0
    for block in blocks:  # of fewer bins the last ones stay empty
        q, width = block.centres.shape
        centres[start : start + q, :width] = block.centres
        moments[:, start : start + q, :width] = block.moments
        start += q
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
        FarDraws(
            np.concatenate([block.far.half for block in blocks]),
            np.concatenate([block.far.moments for block in blocks], axis=1),
        ),
    )


def _condensed(
    rewards: Float64[np.ndarray, " s"], counts: Int64[np.ndarray, " q"], scratch: Scratch
) -> _Block:
    least = np.minimum(np.maximum(tail_sizes(counts), HEAVY) + 1, counts)
    parted = split(rewards, counts, least=least, scratch=scratch)
    rising, kept = parted.near, parted.kept
    ends = np.cumsum(kept)
    starts = ends - kept
    _sort(rising, kept)
    ranks = np.arange(HEAVY)
    at = np.maximum(ends[:, None] - 1 - ranks, 0)
    best = np.where(ranks < kept[:, None], rising[at], -np.inf)
    tied = (best == best[:, :1]).sum(axis=1)
    for i in np.flatnonzero((tied == HEAVY) & (kept > HEAVY)):
        row = rising[starts[i] : ends[i]]
        tied[i] = row.size - row.searchsorted(row[-1])
    stops = np.maximum(ends - HEAVY, starts)
    next_best = rising[np.maximum(np.minimum(stops, ends - tied) - 1, starts)]
    width = _bin_width(int(counts.max()))
    edges = _edges(best[:, 0], next_best, rising[starts], width=width)
    begins = _bin_begins(rising, edges, starts, stops)
    firsts = np.append(starts, rising.size)
    pieces = [
        _local_moments(rising[firsts[i] : firsts[j]], begins[i:j] - firsts[i], scratch)
        for i, j in blocks_of(kept, draws=_PIECE)
    ]
    middles, moments = (np.concatenate(found, axis=-2) for found in zip(*pieces, strict=True))
    centres, moments = _without_empty(middles - best[:, :1], moments)
    return _Block(
        best,
        tied,
        parted.lowest,
        tail_terms(rising, counts, ends=ends),
        np.column_stack([parted.middle - best[:, 0], centres]),
        np.concatenate([np.zeros((MOMENTS, counts.size, 1)), moments], axis=2),
        parted.far,
    )


def _sort(rewards: Float64[np.ndarray, " s"], kept: Int64[np.ndarray, " q"]) -> None:
    """Sort the rewards of each prompt in place."""
    if (kept == kept[0]).all():
        rewards.reshape(kept.size, -1).sort(axis=1)
        return
    ends = np.cumsum(kept)
    for start, end in zip((ends - kept).tolist(), ends.tolist(), strict=True):
        rewards[start:end].sort()


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
    """Where each bin of a prompt begins, and behind them its best draws, kept one by one.

    All edges are bisected at once: a call for each prompt would hold up the other thread.
    """
    low = np.repeat(starts[:, None], edges.shape[1], axis=1)
    high = np.repeat(stops[:, None], edges.shape[1], axis=1)
    for _ in range(int((stops - starts).max()).bit_length()):
        middle = (low + high) // 2
        before = (low < high) & (rising[np.minimum(middle, rising.size - 1)] < edges)
        low, high = np.where(before, middle + 1, low), np.where(before, high, middle)
    return np.column_stack([starts, low, stops])


def _local_moments(
    rising: Float64[np.ndarray, " s"], begins: Int64[np.ndarray, "q b1"], scratch: Scratch
) -> tuple[Float64[np.ndarray, "q b"], Float64[np.ndarray, "j q b"]]:
    """Middles of the bins and the moments about them."""
    shift, power = scratch.pair(rising.size)
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
