"""The tilt of the draws of one prompt, its bias removed and the error of that counted."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.core.results import Result
from klimit.estimate.plan.left_out import LeftOut, corrected

__all__ = ["TiltLaw", "tilt_law"]

_LARGEST = 512  # draws of which every pair is left out; of more, the error is the plain one


@dataclass(frozen=True, slots=True, eq=False)
class TiltLaw(Result):
    """What a tilt does at one prompt.

    Attributes:
        reward: Its expected reward.
        kl: Its divergence from the reference policy, in nats.
        kl_bias: What the jackknife added to the divergence.
        kl_change: ``m - 1`` times the mean change of that when one draw is left out: as large
            where it falls like ``1/m``, less where slower.
    """

    reward: LeftOut
    kl: LeftOut
    kl_bias: float
    kl_change: float


def tilt_law(rewards: Float64[np.ndarray, " m"], *, beta: float) -> TiltLaw:
    """The tilt, jackknifed, and the corrected tilt with each draw left out.

    Where few draws carry the weight, the correction varies as much as what it corrects: its
    error is seen only if a second draw is left out with the first.

    Args:
        rewards: Rewards of one prompt's draws, shape ``(m,)``.
        beta: Inverse temperature, the factor on the reward; finite.

    Returns:
        Reward and divergence.

    Example:
        >>> law = tilt_law(np.array([0.0, 1.0, 2.0]), beta=0.0)
        >>> law.reward.value, round(law.reward.variance, 6)  # variance 1 over 3 draws
        (1.0, 0.333333)
    """
    m, top = rewards.size, float(rewards.max())
    below = rewards - top
    mass = np.exp(beta * below)
    sums = _Sums(mass.sum(keepdims=True), np.atleast_1d(mass @ below), m)
    if m < 3:
        alone, spent = map(float, sums.numbers(beta)[:, 0])
        none = np.empty(0)
        return TiltLaw(LeftOut(top + alone, none), LeftOut(spent, none), 0.0, 0.0)
    one = sums.less(mass, mass * below)
    whole, left = sums.numbers(beta)[:, 0], one.numbers(beta)
    reward, kl = [corrected(float(a), b) for a, b in zip(whole, left, strict=True)]
    bias = change = kl.value - float(whole[1])
    if m <= _LARGEST:
        two = one.less(mass[:, None], (mass * below)[:, None])
        pairs = two.numbers(beta)
        pairs[:, np.arange(m), np.arange(m)] = 0.0
        mean = pairs.sum(axis=1) / (m - 1)
        again = (m - 1) * left - (m - 2) * mean
        reward, kl = LeftOut(reward.value, again[0]), LeftOut(kl.value, again[1])
        change = (m - 1) * (float((again[1] - left[1]).mean()) - bias)
    return TiltLaw(LeftOut(top + reward.value, top + reward.left), kl, bias, change)


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Sums over draws: of the weights, and of the weighted rewards."""

    mass: Float64[np.ndarray, "..."]
    weighted: Float64[np.ndarray, "..."]
    count: int

    def numbers(self, beta: float) -> Float64[np.ndarray, "2 ..."]:
        """Mean reward and divergence of the tilt."""
        mass = np.maximum(self.mass, 1e-12)
        mean = self.weighted / mass
        return np.array([mean, beta * mean - np.log(mass / self.count)])

    def less(
        self, mass: Float64[np.ndarray, "..."], weighted: Float64[np.ndarray, "..."]
    ) -> "_Sums":
        return _Sums(self.mass - mass, self.weighted - weighted, self.count - 1)
