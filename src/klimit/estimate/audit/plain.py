"""The tilts of the draws themselves, averaged over prompts: one pass for each beta."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.estimate.draws import Draws
from klimit.estimate.parts import Part, by_parts

__all__ = ["PlainTilt", "plain_tilt"]


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


def plain_tilt(draws: Draws, beta: float) -> PlainTilt:
    """One tilt of the draws.

    Args:
        draws: Draws of the reference.
        beta: Inverse temperature, the factor on the reward, at least 0.

    Returns:
        Its averages over prompts.

    Example:
        >>> plain_tilt(Draws.from_matrix([[0.0, 1.0], [3.0, 5.0]]), 0.0).reward
        2.25
    """
    kl, reward, variance = by_parts(draws, lambda part: _tilted(part, beta)).mean(axis=1)
    return PlainTilt(float(kl), float(reward), float(variance))


def _tilted(part: Part, beta: float) -> Float64[np.ndarray, "3 q"]:
    rewards, starts, counts = part.draws.rewards, part.draws.offsets[:-1], part.draws.counts
    best = np.maximum.reduceat(rewards, starts)
    below = rewards - np.repeat(best, counts)
    mass = np.exp(beta * below)
    total = np.add.reduceat(mass, starts)
    mass *= below
    mean = np.add.reduceat(mass, starts) / total
    mass *= below
    square = np.add.reduceat(mass, starts) / total
    kl = beta * mean - np.log(total / counts)
    return np.stack([kl, best + mean, np.maximum(square - mean**2, 0.0)])
