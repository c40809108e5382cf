"""The exponential family of a reward's law, each quantity by the form that does not cancel."""

from dataclasses import dataclass
from math import inf, log1p

import numpy as np
from jaxtyping import Float64

from klimit.core.numerics import exp_minus_linear, jeffreys, kl_from_ratio, log_sum_exp
from klimit.exact.levels import Levels

__all__ = ["TiltedLevels", "exponential"]


@dataclass(frozen=True, slots=True, eq=False)
class TiltedLevels:
    """The law of the scaled reward under a tilt; rewards are in units of ``2**exponent``.

    Attributes:
        factor: What multiplies the scaled reward.
        log_ratio: Log-masses less those of the reference policy, shape ``(k,)``.
        cgf: Cumulant generating function, in nats.
        mean: Mean reward.
        gain: How far that lies above the reference policy's.
        shortfall: How far it lies from the extreme that the factor strives for, nonnegative.
        variance: Variance of the reward.
        kl: Divergence from the reference policy, in nats.
        kl_left: What is left of it to the limit of an infinite factor, in nats.
    """

    factor: float
    log_ratio: Float64[np.ndarray, " k"]
    cgf: float
    mean: float
    gain: float
    shortfall: float
    variance: float
    kl: float
    kl_left: float


def exponential(levels: Levels, *, factor: float) -> TiltedLevels:
    """Tilt a law of finite rewards.

    Args:
        levels: The law under the reference policy, without ``-inf``.
        factor: What multiplies the scaled reward: of either sign, zero or infinite.

    Returns:
        The tilted law.
    """
    if levels.rewards.size == 1 or factor == 0.0:
        return _untilted(levels, factor)
    return _limit(levels, factor) if abs(factor) == inf else _tilted(levels, factor)


def _tilted(levels: Levels, b: float) -> TiltedLevels:
    x, log_m = levels.scaled, levels.log_masses
    u, cgf = _log_ratio(levels, b)
    q = np.exp(log_m + u)
    mode = int(np.argmax(q))
    gain = jeffreys(log_m, u) / b
    moved = float(q @ (x - x[mode]))
    # two routes to the mean: the shorter journey rounds less
    from_base = abs(levels.center) + abs(gain)
    from_mode = abs(float(x[mode])) + float(q @ np.abs(x - x[mode]))
    others, best = (q[:-1], -1) if b > 0 else (q[1:], 0)
    rest = float(others.sum())
    log_top = float(log_m[best] + u[best]) if rest > 0.5 else log1p(-rest)
    shortfall = float(q @ np.abs(x[best] - x))
    return TiltedLevels(
        factor=b,
        log_ratio=u,
        cgf=cgf,
        mean=levels.center + gain if from_base < from_mode else float(x[mode]) + moved,
        gain=gain,
        shortfall=shortfall,
        variance=float(q @ (x - x[mode] - moved) ** 2),
        kl=kl_from_ratio(log_m, u),
        kl_left=abs(b) * shortfall - log_top,
    )


def _log_ratio(levels: Levels, b: float) -> tuple[Float64[np.ndarray, " k"], float]:
    """``b x - cgf`` and the cgf, both about a point near which the tilted law lies."""
    x, log_m, center = levels.scaled, levels.log_masses, levels.center
    a = b * (x - center)
    p = np.exp(log_m)
    if np.abs(a[[0, -1]]).max() <= 1.0:
        # p @ a is what rounding of the mean leaves
        log_z = log1p(float(p @ exp_minus_linear(a)) + float(p @ a))
        return a - log_z, b * center + log_z
    anchor = float(x[int(np.argmax(log_m + a))])
    a = b * (x - anchor)
    above = np.exp(log_m + np.maximum(a, 1.0)) - p
    excess = float(np.where(a < 1.0, p * np.expm1(np.minimum(a, 1.0)), above).sum())
    log_z = log1p(excess) if abs(excess) < 0.5 else log_sum_exp(log_m + a)
    return a - log_z, b * anchor + log_z


def _untilted(levels: Levels, b: float) -> TiltedLevels:
    x, p = levels.scaled, np.exp(levels.log_masses)
    best = -1 if b >= 0 else 0
    at_best = float(x[best])
    return TiltedLevels(
        factor=b,
        log_ratio=np.zeros_like(x),
        cgf=b * at_best if at_best and b else 0.0,
        mean=levels.center,
        gain=0.0,
        shortfall=float(p @ np.abs(at_best - x)),
        variance=levels.spread,
        kl=0.0,
        kl_left=levels.ceiling_kl if b >= 0 else levels.bottom_kl,
    )


def _limit(levels: Levels, b: float) -> TiltedLevels:
    x, p = levels.scaled, np.exp(levels.log_masses)
    best, kl = (-1, levels.ceiling_kl) if b > 0 else (0, levels.bottom_kl)
    u = np.full(x.shape, -inf)
    u[best] = kl
    at_best = float(x[best])
    return TiltedLevels(
        factor=b,
        log_ratio=u,
        cgf=b * at_best if at_best else -kl,
        mean=at_best,
        gain=float(p @ (at_best - x)),
        shortfall=0.0,
        variance=0.0,
        kl=kl,
        kl_left=0.0,
    )
