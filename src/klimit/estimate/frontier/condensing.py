"""Condensing draws: the best of each prompt are kept, of stretches of others powers summed."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil, log

import numpy as np
from jaxtyping import Float64, Int64

from klimit.estimate.frontier.condensed import CondensedSums
from klimit.estimate.frontier.raising import KNOWN, TINY, Raising
from klimit.estimate.frontier.splitting import Scratch, blocks_of, split
from klimit.estimate.frontier.stretches import RATIO, Stretches
from klimit.estimate.frontier.sums import HEAVY, Sums, sum_directly
from klimit.estimate.frontier.tails import tail_sizes, tail_terms

__all__ = ["condense", "sums_over"]

_NEAREST = 1e-20  # of a prompt's range: below this distance from the best, stretches do not end
_BLOCK = 2_000_000  # draws that are worked on at a time: more need memory, fewer more calls
_RUN = 32  # sorted draws that are multiplied: some of them may be in other stretches
_THREADS = 2
_GAPS = 2.0  # times the draws, that are sorted at once
_MANY, _EACH = 100_000, 400  # draws in all and a prompt from which condensing them pays


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    best: Float64[np.ndarray, "q h"]
    tied: Int64[np.ndarray, " q"]
    lowest: Float64[np.ndarray, " q"]
    tails: Float64[np.ndarray, "2 q"]
    others: Stretches


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
    best = np.concatenate([block.best for block in blocks])
    return CondensedSums(
        counts,
        best,
        np.where(best > -np.inf, best - best[:, :1], 0.0),
        np.concatenate([block.tied for block in blocks]),
        np.concatenate([block.lowest for block in blocks]),
        np.concatenate([block.tails for block in blocks], axis=1),
        Stretches.joined([block.others for block in blocks]),
    )


def _condensed(
    rewards: Float64[np.ndarray, " s"], counts: Int64[np.ndarray, " q"], scratch: Scratch
) -> _Block:
    least = np.minimum(np.maximum(tail_sizes(counts), HEAVY) + 1, counts)
    parted = split(rewards, counts, least=least, scratch=scratch)
    kept = parted.kept
    rising, ends = _sorted(parted.near, kept, parted.lowest)
    starts = ends - kept
    ranks = np.arange(HEAVY)
    at = np.maximum(ends[:, None] - 1 - ranks, 0)
    best = np.where(ranks < kept[:, None], rising[at], -np.inf)
    tied = (best == best[:, :1]).sum(axis=1)
    for i in np.flatnonzero((tied == HEAVY) & (kept > HEAVY)):
        row = rising[starts[i] : ends[i]]
        tied[i] = row.size - row.searchsorted(row[-1])
    stops = np.maximum(ends - HEAVY, starts)
    next_best = rising[np.maximum(np.minimum(stops, ends - tied) - 1, starts)]
    edges = _edges(best[:, 0], next_best, rising[starts])
    begins = _begins(rising, edges, starts, stops)
    centres, half, powers = _stretched(rising, begins, scratch.raising)
    others = Stretches.from_powers(
        np.column_stack([parted.middle, centres]) - best[:, :1],
        np.column_stack([parted.half, half]),
        np.concatenate([parted.powers[:, None], powers], axis=1),
    )
    return _Block(best, tied, parted.lowest, tail_terms(rising, counts, ends=ends), others)


def _sorted(
    rewards: Float64[np.ndarray, " s"],
    kept: Int64[np.ndarray, " q"],
    lowest: Float64[np.ndarray, " q"],
) -> tuple[Float64[np.ndarray, " t"], Int64[np.ndarray, " q"]]:
    """The rewards of each prompt, sorted, and where they end; there may be gaps before them.

    All are as many as whole runs.
    """
    width = ceil(int(kept.max()) / _RUN) * _RUN
    size = width * kept.size
    if size < _GAPS * rewards.size:  # one call, as many hold up the other thread
        if size == rewards.size:
            table = rewards.reshape(kept.size, -1)
        else:
            table = np.repeat(lowest[:, None], width, axis=1)
            table[np.arange(width) >= width - kept[:, None]] = rewards
        table.sort(axis=1)
        return table.ravel(), width * np.arange(1, kept.size + 1)
    ends = np.cumsum(kept)
    for start, end in zip((ends - kept).tolist(), ends.tolist(), strict=True):
        rewards[start:end].sort()
    return np.append(rewards, np.zeros(-rewards.size % _RUN)), ends


def _edges(
    best: Float64[np.ndarray, " q"],
    next_best: Float64[np.ndarray, " q"],
    lowest: Float64[np.ndarray, " q"],
) -> Float64[np.ndarray, "q e"]:
    """Edges between stretches, rising, their distances from the best in geometric progression.

    The last one lies between the best and the best of those that are not kept one by one, so
    that draws tied with the best are not in one stretch with others.
    """
    farthest = np.where(best > lowest, best - lowest, 1.0)
    ratio = np.where(best > next_best, 0.9 * (best - next_best) / farthest, 1.0)
    ratio = np.maximum(ratio, _NEAREST)[:, None]
    needed = np.maximum(np.ceil(-np.log(ratio) / log(RATIO)), 1.0)
    steps = np.minimum(np.arange(1.0, needed.max() + 1), needed) / needed
    return np.asarray(best[:, None] - farthest[:, None] * ratio**steps)


def _begins(
    rising: Float64[np.ndarray, " s"],
    edges: Float64[np.ndarray, "q e"],
    starts: Int64[np.ndarray, " q"],
    stops: Int64[np.ndarray, " q"],
) -> Int64[np.ndarray, "q l1"]:
    """Where each stretch of a prompt begins, and behind them its best draws, kept one by one.

    All edges are bisected at once: a call for each prompt would hold up the other thread.
    """
    low = np.repeat(starts[:, None], edges.shape[1], axis=1)
    high = np.repeat(stops[:, None], edges.shape[1], axis=1)
    for _ in range(int((stops - starts).max()).bit_length()):
        middle = (low + high) // 2
        before = (low < high) & (rising[np.minimum(middle, rising.size - 1)] < edges)
        low, high = np.where(before, middle + 1, low), np.where(before, high, middle)
    begins = np.column_stack([starts, low, stops])
    empty = np.diff(begins) == 0
    most = int((~empty).sum(axis=1).max())
    firsts = np.sort(np.where(empty, stops[:, None], begins[:, :-1]), axis=1)
    return np.column_stack([firsts[:, :most], stops])  # stretches that no prompt needs left out


def _stretched(
    rising: Float64[np.ndarray, " s"], begins: Int64[np.ndarray, "q l1"], raising: Raising
) -> tuple[
    Float64[np.ndarray, "q l"], Float64[np.ndarray, "q l"], Float64[np.ndarray, "q l 24"]
]:
    """Middles of the stretches, half their lengths and the sums of powers over them."""
    shape = begins.shape[0], begins.shape[1] - 1
    first, stop = begins[:, :-1].ravel(), begins[:, 1:].ravel()
    last = np.maximum(stop - 1, first)
    centres, half = (rising[first] + rising[last]) / 2, (rising[last] - rising[first]) / 2
    half[half < TINY] = 0.0
    runs = np.where(stop > first, last // _RUN - first // _RUN + 1, 0)
    before = np.cumsum(runs) - runs
    owners = np.repeat(np.arange(first.size), runs)
    at = first[owners] // _RUN + np.arange(owners.size) - before[owners]
    begin, end = (edge[owners] - _RUN * at for edge in (first, stop))
    scales = np.divide(1.0, half, out=np.zeros(half.size), where=half > 0)
    rows, sums = rising.reshape(-1, _RUN), np.empty((owners.size, KNOWN))
    piece = raising.powers.shape[1] // _RUN
    for start in range(0, owners.size, piece):
        some = slice(start, start + piece)
        own = owners[some]
        distances = raising.distances(own.size * _RUN).reshape(own.size, _RUN)
        np.subtract(rows[at[some]], centres[own, None], out=distances)
        cut = np.flatnonzero((begin[some] > 0) | (end[some] < _RUN))
        within = np.arange(_RUN) >= begin[some][cut, None]
        within &= np.arange(_RUN) < end[some][cut, None]
        distances[cut] = np.where(within, distances[cut], 0.0)
        distances *= scales[own, None]
        sums[some] = raising.sums(np.full(own.size, _RUN))
    powers = np.zeros((first.size, KNOWN))
    if owners.size:
        powers[runs > 0] = np.add.reduceat(sums, before[runs > 0])
    powers[:, 0] = stop - first
    return centres.reshape(shape), half.reshape(shape), powers.reshape(*shape, KNOWN)


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
