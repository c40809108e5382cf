"""Draws condensed to local moments, so that sums under a tilt cost bins and not draws."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from math import factorial

import numpy as np
from jaxtyping import Float64, Int64

from klimit.estimate.sums import HEAVY, POWERS, Sums, TiltSums, sum_directly, tail_moments

__all__ = ["CondensedSums", "condense", "sums_over"]

_BINS = 48
_MOMENTS = 9
_NEAREST = 1e-4  # of a prompt's range: below this distance from the best, bins do not shrink
_BLOCK = 32_000  # draws that are worked on at a time: they stay in the processor's cache
_THREADS = 2
_TOGETHER = 250  # prompts that are summed at a time, for the same reason
_AT_ONCE = 32  # prompts that are summed at a time at many betas
_TINY = 1e-300  # in place of a beta of 0, where it meets an infinite distance
_AXES = (0, 0, 0, 0, 0, 1)  # of the prompts in the fields of TiltSums
_MANY = 100_000  # draws from which condensing them costs less than passing over them often
_FACTORIALS = np.array([float(factorial(j)) for j in range(_MOMENTS)])


@dataclass(frozen=True, slots=True, eq=False)
class CondensedSums:
    r"""Draws sorted into the best of each prompt and bins of all others.

    A bin's width is in proportion to its distance from the best reward, where the weights are
    largest. So the Taylor series of ``exp(beta r)`` about its centre is short at any ``beta``:

    .. math:: \sum_{i \in \mathrm{bin}} e^{\beta r_i} = e^{\beta c} \sum_{j < 9}
        \frac{\beta^j}{j!} \sum_{i \in \mathrm{bin}} (r_i - c)^j

    to about ``1e-12``, relative to the sum over all bins.

    Attributes:
        counts: Number of draws of each prompt, shape ``(p,)``.
        best: The best rewards of each prompt, falling, ``-inf`` where it has fewer.
        tied: How many draws of each prompt share its best reward, shape ``(p,)``.
        lowest: The lowest reward of each prompt, shape ``(p,)``.
        tails: Moments of the best rewards above their threshold, shape ``(2, p)``.
        centres: Centres of the bins, less the best reward, shape ``(p, b)``.
        moments: Sums of ``(r - c) ** j / j!``, shape ``(p, b, 9)``.
    """

    counts: Int64[np.ndarray, " p"]
    best: Float64[np.ndarray, "p h"]
    tied: Int64[np.ndarray, " p"]
    lowest: Float64[np.ndarray, " p"]
    tails: Float64[np.ndarray, "2 p"]
    centres: Float64[np.ndarray, "p b"]
    moments: Float64[np.ndarray, "p b j"]

    def at(self, beta: Float64[np.ndarray, " p"]) -> TiltSums:
        """The sums at one finite beta a prompt.

        Args:
            beta: Inverse temperatures, not negative, shape ``(p,)``.

        Returns:
            The sums, those over the bins to about ``1e-12``.
        """
        parts = [
            self._part(slice(i, i + _TOGETHER), beta[i : i + _TOGETHER])
            for i in range(0, beta.size, _TOGETHER)
        ]
        joined = [
            np.concatenate([getattr(part, field.name) for part in parts], axis=axis)
            for field, axis in zip(fields(TiltSums), _AXES, strict=True)
        ]
        return TiltSums(*joined)

    def _part(self, prompts: slice, beta: Float64[np.ndarray, " q"]) -> TiltSums:
        best, centres, moments = (
            self.best[prompts],
            self.centres[prompts],
            self.moments[prompts],
        )
        top = best[:, 0]
        below = np.where(best > -np.inf, best - top[:, None], 0.0)
        mass = np.where(best > -np.inf, np.exp(beta[:, None] * below), 0.0)
        near = np.exp(beta[:, None] * centres)
        one, two, three = (_powers(k * beta) for k in range(1, POWERS + 1))
        slope = _slopes(one)
        plain, shifted = _over_bins(moments, [near, near * centres])
        total = mass.sum(axis=1) + _dot(plain, one)
        near /= total[:, None]
        heavy = mass / total[:, None]
        mean = (heavy * below).sum(axis=1)
        mean += (_dot(shifted, one) + _dot(plain, slope)) / total
        wide, square = near * (centres - mean[:, None]), near * near
        wider = wide * (centres - mean[:, None])
        g, gg, s, c = _over_bins(moments, [wide, wider, square, square * near])
        variance = (heavy * (below - mean[:, None]) ** 2).sum(axis=1)
        variance += _dot(gg, one) + 2 * _dot(g, slope) + _dot(plain, _slopes(slope)) / total
        return TiltSums(
            beta=beta,
            cgf=beta * top + np.log(total / self.counts[prompts]),
            reward=top + mean,
            variance=variance,
            heavy=heavy,
            powers=np.array([_dot(plain, one) / total, _dot(s, two), _dot(c, three)]),
        )

    def cgfs(self, beta: Float64[np.ndarray, " g"]) -> Float64[np.ndarray, "g p"]:
        """The cgf of every prompt at each of many common betas.

        Args:
            beta: Inverse temperatures, not negative, shape ``(g,)``.

        Returns:
            Logarithms of the means of ``exp(beta r)``, shape ``(g, p)``.
        """
        series = np.power.outer(beta, np.arange(_MOMENTS)).T

        def block(start: int) -> Float64[np.ndarray, "g q"]:
            mine = slice(start, start + _AT_ONCE)
            centres, best = self.centres[mine], self.best[mine]
            below = np.where(best > -np.inf, best - best[:, :1], -np.inf)
            local = (self.moments[mine].reshape(-1, _MOMENTS) @ series).reshape(
                *centres.shape, beta.size
            )
            local *= np.exp(centres[:, :, None] * beta)
            heavy = np.exp(below[:, :, None] * np.maximum(beta, _TINY))
            mean = (local.sum(axis=1) + heavy.sum(axis=1)) / self.counts[mine, None]
            return np.asarray((best[:, :1] * beta + np.log(mean)).T)

        with ThreadPoolExecutor(_THREADS) as pool:
            blocks = list(pool.map(block, range(0, self.counts.size, _AT_ONCE)))
        return np.concatenate(blocks, axis=1)


def _over_bins(
    moments: Float64[np.ndarray, "p b j"], rows: Sequence[Float64[np.ndarray, "p b"]]
) -> list[Float64[np.ndarray, "p j"]]:
    """Sums over the bins of each moment times each row."""
    sums = np.stack(rows, axis=1) @ moments
    return [sums[:, i] for i in range(len(rows))]


def _powers(beta: Float64[np.ndarray, " p"]) -> Float64[np.ndarray, "p j"]:
    powers = np.ones((beta.size, _MOMENTS))
    np.cumprod(np.repeat(beta[:, None], _MOMENTS - 1, axis=1), axis=1, out=powers[:, 1:])
    return powers


def _slopes(series: Float64[np.ndarray, "p j"]) -> Float64[np.ndarray, "p j"]:
    """The derivatives of a series of powers by beta."""
    slopes = np.zeros(series.shape)
    slopes[:, 1:] = series[:, :-1] * np.arange(1, _MOMENTS)
    return slopes


def _dot(
    sums: Float64[np.ndarray, "p j"], series: Float64[np.ndarray, "p j"]
) -> Float64[np.ndarray, " p"]:
    return np.asarray(np.einsum("pj,pj->p", sums, series))


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
    with ThreadPoolExecutor(_THREADS) as pool:
        shares = list(pool.map(_condensed_all, [work[i::_THREADS] for i in range(_THREADS)]))
    blocks = [shares[i % _THREADS][i // _THREADS] for i in range(len(work))]
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
    centres, moments = np.zeros(sizes.size), np.zeros((sizes.size, _MOMENTS))
    moments[:, 0] = sizes
    if filled.size:
        begins, last = flat[filled], flat[filled] + sizes[filled] - 1
        centres[filled] = (others[begins] + others[last]) / 2
        np.subtract(others, np.repeat(centres, sizes), out=shift)
        power[:] = shift
        moments[filled, 1] = np.add.reduceat(power, begins)
        for j in range(2, _MOMENTS):
            np.multiply(power, shift, out=power)
            moments[filled, j] = np.add.reduceat(power, begins) / _FACTORIALS[j]
    return centres.reshape(starts.shape), moments.reshape(*starts.shape, _MOMENTS)


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
