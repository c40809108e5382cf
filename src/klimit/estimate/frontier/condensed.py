"""Draws condensed to power series, so that sums under a tilt do not cost draws."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float64, Int64

from klimit.estimate.frontier.rows import row_dots, row_sums
from klimit.estimate.frontier.stretches import Stretches
from klimit.estimate.frontier.sums import TiltSums

__all__ = ["CondensedSums"]

_THREADS = 2
_TOGETHER = (
    2000  # prompts that are summed at a time: more fall out of the cache, fewer take more calls
)
_WEIGHTS = 1 << 19  # computed at a time: fewer take more calls, for which threads wait
_TINY = 1e-300  # in place of a beta of 0, where it meets an infinite distance
_AXES = (0, 0, 0, 0, 0, 1)  # of the prompts in the fields of TiltSums


@dataclass(frozen=True, slots=True, eq=False)
class CondensedSums:
    """Draws sorted into the best of each prompt and stretches of others.

    Attributes:
        counts: Number of draws of each prompt, shape ``(p,)``.
        best: The best rewards of each prompt, falling, ``-inf`` where it has fewer.
        below: The same less the best one, 0 where it has fewer.
        tied: How many draws of each prompt share its best reward, shape ``(p,)``.
        lowest: The lowest reward of each prompt, shape ``(p,)``.
        tails: What the best rewards tell of the weights' tail, shape ``(2, p)``.
        others: The other draws.
    """

    counts: Int64[np.ndarray, " p"]
    best: Float64[np.ndarray, "p h"]
    below: Float64[np.ndarray, "p h"]
    tied: Int64[np.ndarray, " p"]
    lowest: Float64[np.ndarray, " p"]
    tails: Float64[np.ndarray, "2 p"]
    others: Stretches

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
        best, below = self.best[prompts], self.below[prompts]
        top, centres = best[:, 0], self.others.centres[prompts]
        mass = np.exp(np.maximum(beta, _TINY)[:, None] * (best - top[:, None]))
        local, slope, bend, *raised = self.others.sums(prompts, beta)
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
            powers=np.array(powers),
        )

    def cgfs(self, beta: Float64[np.ndarray, " g"]) -> Float64[np.ndarray, "g p"]:
        """The cgf of every prompt at each of many common betas.

        Args:
            beta: Inverse temperatures, not negative, shape ``(g,)``.

        Returns:
            Logarithms of the means of ``exp(beta r)``, shape ``(g, p)``.
        """
        cgf = np.empty((beta.size, self.counts.size))
        cuts = [self.counts.size * i // _THREADS for i in range(_THREADS + 1)]
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(lambda i, j: self._fill(cgf, beta, i, j), cuts[:-1], cuts[1:]))
        return cgf

    def _fill(
        self, cgf: Float64[np.ndarray, "g p"], beta: Float64[np.ndarray, " g"], i: int, j: int
    ) -> None:
        """The cgfs of prompts ``i`` to ``j``, some at a time in the same memory."""
        positive, heavy = np.maximum(beta, _TINY)[:, None, None], self.best.shape[1]
        together = max(_WEIGHTS // (beta.size * heavy), 1)
        scratch = np.empty((beta.size, together, heavy))
        for start in range(i, j, together):
            some = slice(start, min(start + together, j))
            best, weights = self.best[some], scratch[:, : some.stop - start]
            np.exp(np.multiply(best - best[:, :1], positive, out=weights), out=weights)
            total = np.einsum("gph->gp", weights)
            near = np.exp(self.others.centres[some] * positive)
            total += np.einsum("gpl,gpl->gp", near, self.others.masses(some, beta))
            cgf[:, some] = best[:, 0] * beta[:, None] + np.log(total / self.counts[some])
