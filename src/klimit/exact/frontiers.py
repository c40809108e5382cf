"""The frontier: the largest mean reward within a KL budget."""

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike

from klimit.core.errors import InputError
from klimit.core.results import Result
from klimit.core.scalars import real
from klimit.exact.finite import vector
from klimit.exact.gaussian import GaussianReward
from klimit.exact.level_frontiers import law_at_kl, law_at_mean
from klimit.exact.policies import Model, require_model
from klimit.exact.response_frontiers import steps_at_kl, steps_at_mean
from klimit.exact.tilts import Tilt, conditional, response_tilt, tilt
from klimit.exact.variable_length import VariableLength

__all__ = ["Frontier", "FrontierCurve", "frontier"]


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

    model: Model
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
            >>> from klimit import FiniteModel
            >>> coin = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
            >>> round(frontier(coin).at_kl(0.1).mean_reward, 9)
            0.719794626
        """
        kl = real("kl", kl)
        if kl < self.floor_kl:
            floor = f"{self.floor_kl:.12g}"
            why = ", the cost of avoiding rewards of -inf" if self.floor_kl > 0 else ""
            raise InputError(f"kl must be at least {floor} nats{why}, got {kl:.12g}")
        if kl == inf == self.ceiling_kl:
            raise InputError("kl must be finite where the reward has no ceiling")
        if isinstance(self.model, GaussianReward):
            return tilt(self.model, beta=sqrt(2 * kl) / self.model.std)
        if isinstance(self.model, VariableLength):
            return response_tilt(self.model, steps_at_kl(self.model.steps, kl - self.floor_kl))
        law = law_at_kl(self.model.levels.attainable, kl - self.floor_kl)
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
            >>> from klimit import FiniteModel
            >>> coin = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
            >>> round(frontier(coin).at_reward(0.75).kl, 9)
            0.130812036
        """
        reward = real("reward", reward)
        if isinstance(self.model, GaussianReward):
            return tilt(self.model, beta=(reward - self.model.mean) / self.model.std**2)
        if isinstance(self.model, VariableLength):
            steps, extra = self.model.steps, self.model.stop_reward
            low = extra if steps.reflected.critical == inf else -inf
            self._check_reward(reward, low, extra + steps.tilted(0.0).mean)
            return response_tilt(self.model, steps_at_mean(steps, reward - extra))
        levels = self.model.levels.attainable
        self._check_reward(reward, float(levels.rewards[0]), levels.mean_reward)
        return conditional(self.model, law_at_mean(levels, reward))

    def _check_reward(self, reward: float, low: float, start: float) -> None:
        high = self.ceiling_reward
        if not (low <= reward <= high and abs(reward) < inf):
            raise InputError(
                f"reward must lie between {low:.12g} and {high:.12g}, the smallest and the "
                f"largest reward, got {reward:.12g}"
            )
        if self.floor_kl > 0.0 and reward < start:
            raise InputError(
                f"reward must be at least {start:.12g}, the mean of what is not -inf, got "
                f"{reward:.12g}: less would need a negative beta"
            )

    def curve(self, kl: ArrayLike) -> FrontierCurve:
        """The frontier at several budgets.

        Args:
            kl: Budgets in nats, each at least the floor.

        Returns:
            Arrays in the order asked.

        Raises:
            InputError: A budget is ``nan`` or below the floor.

        Example:
            >>> from klimit import FiniteModel
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


def frontier(model: Model) -> Frontier:
    r"""The KL-reward frontier of a reference policy.

    .. math:: r^*(\Delta) = \max \{ \mathbf{E}_\pi r : \mathrm{KL}(\pi \,\|\, p) \le \Delta \}

    Increasing and concave up to the ceiling, of slope ``1 / beta``.

    Args:
        model: The reference policy and its rewards.

    Returns:
        The frontier; its points are computed when they are asked for.

    Example:
        >>> from klimit import FiniteModel
        >>> coin = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
        >>> print(frontier(coin))
        Frontier(floor_kl=0, ceiling_kl=0.693147, ceiling_reward=1)

    References:
        Yang, Salamatian, Sun, Suresh, Beirami (2024), Asymptotics of language model alignment.
    """
    model = require_model(model)
    if isinstance(model, GaussianReward):
        return Frontier(model, 0.0, inf, inf)
    if isinstance(model, VariableLength):
        steps, floor = model.steps, model.floor_kl
        if steps.critical < inf:
            return Frontier(model, floor, inf, inf)
        return Frontier(model, floor, floor - steps.log_extreme, model.stop_reward)
    levels = model.levels
    return Frontier(model, levels.floor_kl, levels.ceiling_kl, float(levels.rewards[-1]))
