"""Sums over the draws of every prompt under a tilt, each computed draw by draw."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64, Int64

from klimit.estimate.frontier.extremes import Extremes
from klimit.estimate.frontier.tails import tail_terms

__all__ = ["DirectSums", "Sums", "TiltSums", "sum_directly"]

HEAVY = 32  # draws of a prompt, the best ones, whose weights are kept one by one
POWERS = 4  # sums of powers of the other weights, each below 1 / 33


@dataclass(frozen=True, slots=True, eq=False)
class TiltSums:
    """What a tilt of the draws themselves does to every prompt.

    Attributes:
        beta: Inverse temperature, the factor on the reward, shape ``(p,)``.
        cgf: Logarithm of the mean of ``exp(beta r)``, shape ``(p,)``.
        reward: Mean reward under the tilt, shape ``(p,)``.
        variance: Variance of the reward under the tilt, shape ``(p,)``.
        heavy: Weights of the best draws, falling, shape ``(p, h)``, 0 where a prompt has fewer.
        powers: Sums of the powers 1 to 4 of the other draws' weights, shape ``(4, p)``.
    """

    beta: Float64[np.ndarray, " p"]
    cgf: Float64[np.ndarray, " p"]
    reward: Float64[np.ndarray, " p"]
    variance: Float64[np.ndarray, " p"]
    heavy: Float64[np.ndarray, "p h"]
    powers: Float64[np.ndarray, "4 p"]

    @property
    def kl(self) -> Float64[np.ndarray, " p"]:
        """Divergence of the tilt from the reference policy, in nats, shape ``(p,)``."""
        kl: Float64[np.ndarray, " p"] = self.beta * self.reward - self.cgf
        return kl

    @property
    def squares(self) -> Float64[np.ndarray, " p"]:
        """Sum of the squared weights, shape ``(p,)``."""
        squares: Float64[np.ndarray, " p"] = (self.heavy**2).sum(axis=1) + self.powers[1]
        return squares


@runtime_checkable
class Sums(Extremes, Protocol):
    """Draws made ready for sums under many tilts."""

    @property
    def tails(self) -> Float64[np.ndarray, "2 p"]:
        """What the best rewards tell of the weights' tail (`tail_terms`)."""

    def at(self, beta: Float64[np.ndarray, " p"]) -> TiltSums:
        """The sums at one finite beta a prompt."""

    def cgfs(self, beta: Float64[np.ndarray, " g"]) -> Float64[np.ndarray, "g p"]:
        """The cgf of every prompt at each of many common betas."""


@dataclass(frozen=True, slots=True, eq=False)
class DirectSums:
    """Draws sorted into the best of each prompt and all others.

    Attributes:
        counts: Number of draws of each prompt, shape ``(p,)``.
        best: The best rewards of each prompt, falling, ``-inf`` where it has fewer.
        tied: How many draws of each prompt share its best reward, shape ``(p,)``.
        lowest: The lowest reward of each prompt, shape ``(p,)``.
        tails: What the best rewards tell of the weights' tail, shape ``(2, p)``.
        others: The other rewards below the best one, prompt after prompt, shape ``(o,)``.
        starts: Where the others of each prompt that has any begin, shape ``(q,)``.
        owners: Which prompts have any, shape ``(q,)``.
    """

    counts: Int64[np.ndarray, " p"]
    best: Float64[np.ndarray, "p h"]
    tied: Int64[np.ndarray, " p"]
    lowest: Float64[np.ndarray, " p"]
    tails: Float64[np.ndarray, "2 p"]
    others: Float64[np.ndarray, " o"]
    starts: Int64[np.ndarray, " q"]
    owners: Int64[np.ndarray, " q"]

    def at(self, beta: Float64[np.ndarray, " p"]) -> TiltSums:
        """The sums at one finite beta a prompt.

        Args:
            beta: Inverse temperatures, shape ``(p,)``.

        Returns:
            The sums, each from all draws.
        """
        top = self.best[:, 0]
        below = self.best - top[:, None]
        reached = np.where(below > -np.inf, below, 0.0)
        mass = np.where(below > -np.inf, np.exp(beta[:, None] * reached), 0.0)
        counts = self.counts[self.owners] - self.best.shape[1]
        light = np.exp(np.repeat(beta[self.owners], counts) * self.others)
        total = mass.sum(axis=1) + self._spread(light)
        heavy = mass / total[:, None]
        light /= np.repeat(total[self.owners], counts)
        mean = (heavy * reached).sum(axis=1) + self._spread(light * self.others)
        gap = self.others - np.repeat(mean[self.owners], counts)
        gaps = reached - mean[:, None]
        variance = (heavy * gaps**2).sum(axis=1)
        powers = [light]
        while len(powers) < POWERS:
            powers.append(powers[-1] * light)
        return TiltSums(
            beta=beta,
            cgf=beta * top + np.log(total / self.counts),
            reward=top + mean,
            variance=variance + self._spread(light * gap**2),
            heavy=heavy,
            powers=np.array([self._spread(power) for power in powers]),
        )

    def cgfs(self, beta: Float64[np.ndarray, " g"]) -> Float64[np.ndarray, "g p"]:
        """The cgf of every prompt at each of many common betas.

        Args:
            beta: Inverse temperatures, shape ``(g,)``.

        Returns:
            Logarithms of the means of ``exp(beta r)``, shape ``(g, p)``.
        """
        top, present = self.best[:, 0], self.best > -np.inf
        below = np.where(present, self.best - top[:, None], 0.0)
        cgf = np.empty((beta.size, self.counts.size))
        for i, b in enumerate(beta):
            total = np.where(present, np.exp(b * below), 0.0).sum(axis=1)
            total += self._spread(np.exp(b * self.others))
            cgf[i] = b * top + np.log(total / self.counts)
        return cgf

    def _spread(self, values: Float64[np.ndarray, " o"]) -> Float64[np.ndarray, " p"]:
        """Sums over the others of each prompt, 0 for a prompt without any."""
        sums = np.zeros(self.counts.size)
        if self.owners.size:
            sums[self.owners] = np.add.reduceat(values, self.starts)
        return sums


def sum_directly(
    rewards: Float64[np.ndarray, " s"], counts: Int64[np.ndarray, " p"]
) -> DirectSums:
    """Make draws ready for sums under many tilts, each in one pass over all draws.

    Args:
        rewards: The rewards of each prompt, in any order, prompt after prompt, shape ``(s,)``.
        counts: Number of draws of each prompt, at least 1, shape ``(p,)``.

    Returns:
        The draws, sorted prompt by prompt.

    Example:
        >>> sums = sum_directly(np.array([0.0, 2.0, 1.0, 5.0, 5.0]), np.array([3, 2]))
        >>> sums.at(np.zeros(2)).reward
        array([1., 5.])
    """
    width = min(HEAVY, int(counts.max()))
    best = np.full((counts.size, width), -np.inf)
    tied = np.empty(counts.size, dtype=np.int64)
    rising = [np.sort(row) for row in np.split(rewards, np.cumsum(counts)[:-1])]
    for i, row in enumerate(rising):
        best[i, : min(width, row.size)] = row[: -width - 1 : -1]
        tied[i] = row.size - row.searchsorted(row[-1])
    sizes = np.maximum(counts - width, 0)
    owners = np.flatnonzero(sizes)
    return DirectSums(
        counts,
        best,
        tied,
        lowest=np.array([row[0] for row in rising]),
        tails=tail_terms(np.concatenate(rising), counts),
        others=np.concatenate([row[:-width] - row[-1] for row in rising]),
        starts=(np.cumsum(sizes) - sizes)[owners],
        owners=owners,
    )
