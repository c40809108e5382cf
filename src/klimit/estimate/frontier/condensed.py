"""Draws condensed to local moments, so that sums under a tilt cost bins and not draws."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float64, Int64

from klimit.estimate.frontier.far import FarDraws
from klimit.estimate.frontier.rows import product, row_dots, row_sums
from klimit.estimate.frontier.sums import POWERS, TiltSums

__all__ = ["CondensedSums"]

MOMENTS = 9  # kept of each bin: the Taylor series of its weights ends there
_THREADS = 2
_TOGETHER = (
    2000  # prompts that are summed at a time: more fall out of the cache, fewer take more calls
)
_WEIGHTS = 1 << 19  # computed at a time
_TINY = 1e-300  # in place of a beta of 0, where it meets an infinite distance
_AXES = (0, 0, 0, 0, 0, 0, 1)  # of the prompts in the fields of TiltSums


@dataclass(frozen=True, slots=True, eq=False)
class CondensedSums:
    r"""Draws sorted into the best of each prompt, bins of others, and those far below.

    A bin's width is in proportion to its distance from the best reward, where the weights are
    largest. So the Taylor series of ``exp(beta r)`` about its centre is short at any ``beta``:

    .. math:: \sum_{i \in \mathrm{bin}} e^{\beta r_i} = e^{\beta c} \sum_{j < 9}
        \frac{\beta^j}{j!} \sum_{i \in \mathrm{bin}} (r_i - c)^j

    to about ``1e-11``, relative to the sum over all draws.

    Attributes:
        counts: Number of draws of each prompt, shape ``(p,)``.
        best: The best rewards of each prompt, falling, ``-inf`` where it has fewer.
        below: The same less the best one, 0 where it has fewer.
        tied: How many draws of each prompt share its best reward, shape ``(p,)``.
        lowest: The lowest reward of each prompt, shape ``(p,)``.
        tails: What the best rewards tell of the weights' tail, shape ``(2, p)``.
        centres: Centres of the bins, less the best reward, shape ``(p, b)``; the first is that
            of the draws far below.
        moments: Sums of ``(r - c) ** j / j!``, shape ``(9, p, b)``, 0 in the first bin.
        far: The draws far below, which are no bin's.
    """

    counts: Int64[np.ndarray, " p"]
    best: Float64[np.ndarray, "p h"]
    below: Float64[np.ndarray, "p h"]
    tied: Int64[np.ndarray, " p"]
    lowest: Float64[np.ndarray, " p"]
    tails: Float64[np.ndarray, "2 p"]
    centres: Float64[np.ndarray, "p b"]
    moments: Float64[np.ndarray, "j p b"]
    far: FarDraws

    def at(self, beta: Float64[np.ndarray, " p"]) -> TiltSums:
        """The sums at one finite beta a prompt.

        Args:
            beta: Inverse temperatures, not negative, shape ``(p,)``.

        Returns:
            The sums, to about ``1e-11``; variances to ``1e-14`` of a prompt's squared range.
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
        best, below, centres = self.best[prompts], self.below[prompts], self.centres[prompts]
        moments, top = self.moments[:, prompts], best[:, 0]
        mass = np.exp(np.maximum(beta, _TINY)[:, None] * (best - top[:, None]))
        about = _local_sums(moments, beta)
        about[:, :, 0] = self.far.sums(prompts, beta)
        local, slope, bend, *raised = about
        near = np.exp(beta[:, None] * centres)
        total = row_sums(mass) + row_dots(near, local)
        heavy, near = mass / total[:, None], near / total[:, None]
        mean = row_dots(heavy, below) + row_dots(near, centres * local + slope)
        gap, apart = centres - mean[:, None], below - mean[:, None]
        variance = row_dots(heavy * apart, apart)
        variance += row_dots(near, gap * (gap * local + 2 * slope) + bend)
        powers, power = [row_dots(near, local)], near
        for sums in raised:
            power = power * near
            powers.append(row_dots(power, sums))
        return TiltSums(
            beta=beta,
            cgf=beta * top + np.log(total / self.counts[prompts]),
            reward=top + mean,
            variance=np.maximum(variance, 0.0),  # its terms may cancel, see `at`
            heavy=heavy,
            gaps=apart,
            powers=np.array(powers),
        )

    def cgfs(self, beta: Float64[np.ndarray, " g"]) -> Float64[np.ndarray, "g p"]:
        """The cgf of every prompt at each of many common betas.

        Args:
            beta: Inverse temperatures, not negative, shape ``(g,)``.

        Returns:
            Logarithms of the means of ``exp(beta r)``, shape ``(g, p)``.
        """
        cgf = np.empty((self.counts.size, beta.size))
        cuts = [self.counts.size * i // _THREADS for i in range(_THREADS + 1)]
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(lambda i, j: self._fill(cgf, beta, i, j), cuts[:-1], cuts[1:]))
        return np.asarray(cgf.T)

    def _fill(
        self, cgf: Float64[np.ndarray, "p g"], beta: Float64[np.ndarray, " g"], i: int, j: int
    ) -> None:
        """The cgfs of prompts ``i`` to ``j``, some at a time in the same memory."""
        series = np.power.outer(beta, np.arange(MOMENTS)).T
        positive, heavy = np.maximum(beta, _TINY), self.best.shape[1]
        own = heavy + self.centres.shape[1]
        together = max(_WEIGHTS // (beta.size * own), 1)
        scratch = np.empty((together, own, beta.size))
        for start in range(i, j, together):
            some = slice(start, min(start + together, j))
            best, weights = self.best[some], scratch[: some.stop - start]
            away = np.concatenate([best - best[:, :1], self.centres[some]], axis=1)
            np.exp(np.multiply(away[:, :, None], positive, out=weights), out=weights)
            local = np.moveaxis(self.moments[:, some], 0, 1) @ weights[:, heavy:]
            total = np.einsum("pjg,jg->pg", local, series)
            total += (np.ones((1, heavy)) @ weights[:, :heavy])[:, 0]
            total += self.far.masses(some, beta) * weights[:, heavy]
            cgf[some] = best[:, :1] * beta + np.log(total / self.counts[some, None])


def _local_sums(
    moments: Float64[np.ndarray, "j p b"], beta: Float64[np.ndarray, " p"]
) -> Float64[np.ndarray, "6 p b"]:
    """Sums over each bin, about its centre, of the weights, their slopes, bends and powers."""
    common = (beta == beta[0]).all()
    betas = beta[:1] if common else beta
    one, *raised = (_powers(k * betas) for k in range(1, POWERS + 1))
    series = np.stack([one, _slopes(one), _slopes(_slopes(one)), *raised], axis=1)
    if not common:
        return np.asarray(np.einsum("psj,jpb->spb", series, moments))
    found = product(series[0], moments.reshape(MOMENTS, -1))
    return found.reshape(-1, *moments.shape[1:])


def _powers(beta: Float64[np.ndarray, " p"]) -> Float64[np.ndarray, "p j"]:
    powers = np.ones((beta.size, MOMENTS))
    np.cumprod(np.repeat(beta[:, None], MOMENTS - 1, axis=1), axis=1, out=powers[:, 1:])
    return powers


def _slopes(series: Float64[np.ndarray, "p j"]) -> Float64[np.ndarray, "p j"]:
    """The derivatives of a series of powers by beta."""
    slopes = np.zeros(series.shape)
    slopes[:, 1:] = series[:, :-1] * np.arange(1, MOMENTS)
    return slopes
