"""The tilts of the draws themselves, averaged over prompts: one pass for each beta."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.estimate.draws import Draws

__all__ = ["PlainCurve", "PlainTilt", "plain_curve"]


@dataclass(frozen=True, slots=True)
class PlainTilt:
    """A tilt of the draws themselves, its bias left in.

    Attributes:
        kl: Its divergence from the draws, in nats.
        reward: Its mean reward.
        variance: Variance of the reward within prompts.
    """

    kl: float
    reward: float
    variance: float


@dataclass(frozen=True, slots=True, eq=False)
class PlainCurve:
    """Draws made ready for many tilts.

    Attributes:
        draws: The draws.
        best: The best reward of each prompt, shape ``(p,)``.
        below: How far each draw is below it, shape ``(n,)``.
    """

    draws: Draws
    best: Float64[np.ndarray, " p"]
    below: Float64[np.ndarray, " n"]

    def at(self, beta: float) -> PlainTilt:
        """One tilt.

        Args:
            beta: Inverse temperature, the factor on the reward, at least 0.

        Returns:
            Its averages over prompts.
        """
        starts, counts = self.draws.offsets[:-1], self.draws.counts
        mass = np.exp(beta * self.below)
        total = np.add.reduceat(mass, starts)
        mass *= self.below
        mean = np.add.reduceat(mass, starts) / total
        mass *= self.below
        square = np.add.reduceat(mass, starts) / total
        kl = beta * mean - np.log(total / counts)
        return PlainTilt(
            kl=float(kl.mean()),
            reward=float((self.best + mean).mean()),
            variance=float(np.maximum(square - mean**2, 0.0).mean()),
        )


def plain_curve(draws: Draws) -> PlainCurve:
    """Make draws ready.

    Args:
        draws: Draws of the reference.

    Returns:
        The curve.

    Example:
        >>> plain_curve(Draws.from_matrix([[0.0, 1.0], [3.0, 5.0]])).at(0.0).reward
        2.25
    """
    best = np.maximum.reduceat(draws.rewards, draws.offsets[:-1])
    return PlainCurve(draws, best, draws.rewards - np.repeat(best, draws.counts))
