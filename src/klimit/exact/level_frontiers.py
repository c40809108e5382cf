"""The tilt of finitely many rewards that spends a budget, or has a given mean."""

from collections.abc import Callable
from math import copysign, inf, sqrt

from klimit.core.roots import Sample, increasing_root, log_quotient
from klimit.exact.exponential import TiltedLevels, exponential
from klimit.exact.levels import Levels, rescaled

__all__ = ["law_at_kl", "law_at_mean"]


def law_at_kl(levels: Levels, kl: float) -> TiltedLevels:
    """The tilt of a law of finite rewards that spends a budget.

    Args:
        levels: The law under the reference policy, without ``-inf``.
        kl: Divergence to spend, in nats, at least 0.

    Returns:
        The tilted law, the limit at and above the ceiling.
    """
    if levels.rewards.size == 1 or kl == 0.0:
        return exponential(levels, factor=0.0)
    left = levels.ceiling_kl - kl
    if left <= 0.0:  # pragma: no branch  (a function follows)
        return exponential(levels, factor=inf)

    def excess(law: TiltedLevels) -> Sample:
        slope = law.factor * (law.factor * law.variance)  # the square may overflow
        if kl <= left:
            return Sample(log_quotient(law.kl, kl), slope / (law.kl or inf))
        return Sample(log_quotient(left, law.kl_left), slope / (law.kl_left or inf))

    return _solve(levels, excess, start=sqrt(2.0 * kl / (levels.spread or inf)))


def law_at_mean(levels: Levels, reward: float) -> TiltedLevels:
    """The tilt of a law of finite rewards that has a given mean.

    Args:
        levels: The law under the reference policy, without ``-inf``.
        reward: Mean reward, between the smallest and the largest.

    Returns:
        The tilted law.
    """
    gain = rescaled(reward - levels.mean_reward, -levels.exponent)
    extreme = float(levels.rewards[-1 if gain > 0 else 0])
    left = rescaled(abs(extreme - reward), -levels.exponent)
    if levels.rewards.size == 1 or gain == 0.0:
        return exponential(levels, factor=0.0)
    if left == 0.0:  # pragma: no branch  (a function follows)
        return exponential(levels, factor=copysign(inf, gain))

    def excess(law: TiltedLevels) -> Sample:
        slope = abs(law.factor) * law.variance
        moved = abs(law.gain)
        if abs(gain) <= left:
            return Sample(log_quotient(moved, abs(gain)), slope / (moved or inf))
        return Sample(log_quotient(left, law.shortfall), slope / (law.shortfall or inf))

    return _solve(levels, excess, start=gain / (levels.spread or inf))


def _solve(
    levels: Levels, excess: Callable[[TiltedLevels], Sample], *, start: float
) -> TiltedLevels:
    """The tilt where ``excess`` vanishes, its factor of the sign of ``start``."""
    sign = copysign(1.0, start)
    # with a factor of the ceiling's size the extreme outcomes weigh as much as all others
    furthest = 1.0 + max(levels.ceiling_kl, levels.bottom_kl)
    begin = min(abs(start), furthest) or furthest
    factor = increasing_root(
        lambda x: excess(exponential(levels, factor=sign * x)), start=begin
    )
    return exponential(levels, factor=sign * factor)
