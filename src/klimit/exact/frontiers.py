"""The frontier: the largest mean reward within a KL budget."""

from collections.abc import Callable
from dataclasses import dataclass
from math import copysign, inf, log, log1p, sqrt

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike

from klimit.core.errors import InputError
from klimit.core.results import Result
from klimit.core.roots import Sample, increasing_root
from klimit.core.scalars import real
from klimit.exact.exponential import TiltedLevels, exponential
from klimit.exact.finite import FiniteModel, vector
from klimit.exact.gaussian import GaussianReward
from klimit.exact.levels import Levels, rescaled
from klimit.exact.policies import require_model
from klimit.exact.tilts import Tilt, conditional, tilt

__all__ = ["Frontier", "FrontierCurve", "cheapest", "frontier"]


@dataclass(frozen=True, slots=True, eq=False)
class FrontierCurve(Result):
    """The frontier at several budgets.

    Attributes:
        kl: The budgets, in nats, shape ``(m,)``.
        beta: The inverse temperature that spends each; ``inf`` at and above the ceiling.
        mean_reward: The largest mean reward within each.
    """

    kl: Float64[np.ndarray, " m"]
    beta: Float64[np.ndarray, " m"]
    mean_reward: Float64[np.ndarray, " m"]


@dataclass(frozen=True, slots=True, eq=False)
class Frontier(Result):
    """The largest mean reward within every KL budget, attained by tilts.

    Attributes:
        model: The reference policy and its rewards.
        floor_kl: The KL, in nats, below which no policy has a finite mean reward: 0 unless an
            outcome of reward ``-inf`` is possible.
        ceiling_kl: The KL, in nats, at which the reward can rise no further.
        ceiling_reward: The largest reward.
    """

    model: FiniteModel | GaussianReward
    floor_kl: float
    ceiling_kl: float
    ceiling_reward: float

    def at_kl(self, kl: float) -> Tilt:
        """The best policy within a budget.

        Args:
            kl: Divergence to spend, in nats, at least the floor.

        Returns:
            The tilt with that divergence; at or above the ceiling the limit tilt, its ``beta``
            ``inf``, or 0 where the reward is constant. At a positive floor, the reference
            policy given a finite reward, which is the limit as ``beta`` falls to 0.

        Raises:
            InputError: ``kl`` is ``nan`` or below the floor.

        Example:
            >>> coin = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
            >>> round(frontier(coin).at_kl(0.1).mean_reward, 9)
            0.719794626
        """
        kl = real("kl", kl)
        if kl < self.floor_kl:
            floor = f"{self.floor_kl:.12g}"
            why = ", the cost of avoiding rewards of -inf" if self.floor_kl > 0 else ""
            raise InputError(f"kl must be at least {floor} nats{why}, got {kl:.12g}")
        if isinstance(self.model, GaussianReward):
            if kl == inf:
                raise InputError(
                    "kl must be finite for a Gaussian reward, which has no ceiling"
                )
            return tilt(self.model, beta=sqrt(2 * kl) / self.model.std)
        law = _law_at_kl(self.model.levels.attainable, kl - self.floor_kl)
        return conditional(self.model, law)

    def at_reward(self, reward: float) -> Tilt:
        """The cheapest policy with a given mean reward.

        Args:
            reward: Mean reward, between the smallest and the largest reward.

        Returns:
            The tilt with that mean; its ``beta`` is negative below the reference policy's own
            mean reward and infinite at the extremes.

        Raises:
            InputError: No policy has that mean reward; or it lies below what the reference
                policy has given a finite reward, and there are rewards of ``-inf``.

        Example:
            >>> coin = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
            >>> round(frontier(coin).at_reward(0.75).kl, 9)
            0.130812036
        """
        reward = real("reward", reward)
        if isinstance(self.model, GaussianReward):
            return tilt(self.model, beta=(reward - self.model.mean) / self.model.std**2)
        levels = self.model.levels.attainable
        low, high = (float(x) for x in levels.rewards[[0, -1]])
        if not low <= reward <= high:
            raise InputError(
                f"reward must lie between {low:.12g} and {high:.12g}, the smallest and the "
                f"largest reward, got {reward:.12g}"
            )
        if self.model.levels.has_void and reward < levels.mean_reward:
            raise InputError(
                f"reward must be at least {levels.mean_reward:.12g}, the mean of what is not "
                f"-inf, got {reward:.12g}: less would need a negative beta"
            )
        return conditional(self.model, cheapest(levels, reward))

    def curve(self, kl: ArrayLike) -> FrontierCurve:
        """The frontier at several budgets.

        Args:
            kl: Budgets in nats, each at least the floor.

        Returns:
            Arrays in the order asked.

        Raises:
            InputError: A budget is ``nan`` or below the floor.

        Example:
            >>> coin = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
            >>> frontier(coin).curve([0.0, 1.0]).mean_reward
            array([0.5, 1. ])
        """
        budgets = vector("kl", kl)
        tilts = [self.at_kl(float(x)) for x in budgets]
        return FrontierCurve(
            kl=budgets,
            beta=np.array([x.beta for x in tilts]),
            mean_reward=np.array([x.mean_reward for x in tilts]),
        )


def frontier(model: FiniteModel | GaussianReward) -> Frontier:
    r"""The KL-reward frontier of a reference policy.

    .. math:: r^*(\Delta) = \max \{ \mathbf{E}_\pi r : \mathrm{KL}(\pi \,\|\, p) \le \Delta \}

    Increasing and concave up to the ceiling, of slope ``1 / beta``.

    Args:
        model: The reference policy and its rewards.

    Returns:
        The frontier; its points are computed when they are asked for.

    Example:
        >>> coin = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
        >>> print(frontier(coin))
        Frontier(floor_kl=0, ceiling_kl=0.693147, ceiling_reward=1)

    References:
        Yang, Salamatian, Sun, Suresh, Beirami (2024), Asymptotics of language model alignment.
    """
    model = require_model(model)
    if isinstance(model, GaussianReward):
        return Frontier(model, 0.0, inf, inf)
    levels = model.levels
    return Frontier(model, levels.floor_kl, levels.ceiling_kl, float(levels.rewards[-1]))


def _law_at_kl(levels: Levels, kl: float) -> TiltedLevels:
    if levels.rewards.size == 1 or kl == 0.0:
        return exponential(levels, factor=0.0)
    left = levels.ceiling_kl - kl
    if left <= 0.0:
        return exponential(levels, factor=inf)

    def excess(law: TiltedLevels) -> Sample:
        slope = law.factor**2 * law.variance
        if kl <= left:
            return Sample(_log_quotient(law.kl, kl), slope / (law.kl or inf))
        return Sample(_log_quotient(left, law.kl_left), slope / (law.kl_left or inf))

    return _solve(levels, excess, start=sqrt(2.0 * kl / (levels.spread or inf)))


def cheapest(levels: Levels, reward: float) -> TiltedLevels:
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
    if left == 0.0:
        return exponential(levels, factor=copysign(inf, gain))

    def excess(law: TiltedLevels) -> Sample:
        slope = abs(law.factor) * law.variance
        moved = abs(law.gain)
        if abs(gain) <= left:
            return Sample(_log_quotient(moved, abs(gain)), slope / (moved or inf))
        return Sample(_log_quotient(left, law.shortfall), slope / (law.shortfall or inf))

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


def _log_quotient(a: float, b: float) -> float:
    """``log(a / b)`` with the digits of ``a - b`` where the two are close."""
    if a <= 0.0 or b <= 0.0:
        return inf if a > b else -inf
    return log1p((a - b) / b) if 0.5 < a / b < 2.0 else log(a) - log(b)
