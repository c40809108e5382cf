"""Policies that share KL and mean reward and nothing else."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.optimize import brentq

from klimit.core.results import Result
from klimit.exact.certificates import certificate
from klimit.exact.divergences import divergence
from klimit.exact.finite import FiniteModel
from klimit.exact.frontiers import frontier

__all__ = ["Twins", "twins_of"]

_GAINS = (0.2, 0.5, 0.8)  # of what the budget buys, at which twins are sought
_WAY = 0.6  # of the way to where an outcome becomes impossible


@dataclass(frozen=True, slots=True, eq=False)
class Twins(Result):
    """Two policies of one KL and one mean reward.

    Attributes:
        kl: KL of both from the reference policy, in nats.
        mean_reward: Mean reward of both.
        shortfall: Reward that both lack at that KL.
        certificate: What the certificate says of both, in nats.
        divergence: True divergence of the first from the optimum of that KL, in nats.
        other_divergence: The same of the second.
        total_variation: How far the two are from each other.
    """

    kl: float
    mean_reward: float
    shortfall: float
    certificate: float
    divergence: float
    other_divergence: float
    total_variation: float


def twins_of(model: FiniteModel, *, kl: float, rng: np.random.Generator) -> tuple[Twins, ...]:
    """Pairs on opposite sides of the tilts that have their reward.

    Args:
        model: The reference policy, at least three different rewards.
        kl: Budget in nats; pairs have a part of what it buys.
        rng: Draws in which direction from the tilt, where there are several.

    Returns:
        Three pairs.
    """
    limits = frontier(model)
    low, high = limits.at_kl(0.0).mean_reward, limits.at_kl(kl).mean_reward
    return tuple(_pair(model, low + gain * (high - low), rng) for gain in _GAINS)


def _pair(model: FiniteModel, reward: float, rng: np.random.Generator) -> Twins:
    limits = frontier(model)
    tilt = limits.at_reward(reward)
    center = np.exp(model.log_probs + tilt.log_ratio)
    way = _neutral(model.rewards, rng.normal(size=center.size))
    sides = [_Side(center, way, model), _Side(center, -way, model)]
    kl = tilt.kl + _WAY * (min(side.kl(side.end) for side in sides) - tilt.kl)
    first, second = (side.at_kl(kl) for side in sides)
    said, optimum = certificate(model, kl=kl, mean_reward=reward), limits.at_kl(kl)
    return Twins(
        kl=kl,
        mean_reward=reward,
        shortfall=said.reward_gap,
        certificate=said.divergence_same_kl,
        divergence=divergence(first, optimum),
        other_divergence=divergence(second, optimum),
        total_variation=float(np.abs(first - second).sum() / 2),
    )


def _neutral(
    rewards: Float64[np.ndarray, " k"], way: Float64[np.ndarray, " k"]
) -> Float64[np.ndarray, " k"]:
    """The part of a direction that moves neither the total probability nor the mean reward."""
    deviation = (rewards - rewards[0]) / np.ptp(rewards)
    deviation -= deviation.mean()
    way = way - way.mean()
    way -= deviation * (way @ deviation) / (deviation @ deviation)
    return np.asarray(way - way.mean())


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """A line of policies that starts at a tilt and ends where an outcome is impossible."""

    center: Float64[np.ndarray, " k"]
    way: Float64[np.ndarray, " k"]
    model: FiniteModel

    @property
    def end(self) -> float:
        falling = self.way < 0
        return float(np.min(self.center[falling] / -self.way[falling])) * (1 - 1e-12)

    def policy(self, step: float) -> Float64[np.ndarray, " k"]:
        return np.asarray(self.center + step * self.way)

    def kl(self, step: float) -> float:
        return divergence(self.policy(step), self.model)

    def at_kl(self, kl: float) -> Float64[np.ndarray, " k"]:
        found = brentq(lambda step: self.kl(step) - kl, 0.0, self.end, xtol=1e-15, rtol=1e-14)
        return self.policy(float(found))
