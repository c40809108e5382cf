"""A frontier that never falls as the budget grows, where the draws alone would let it."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64
from scipy.interpolate import PchipInterpolator

from klimit.estimate.frontier.own import OwnFrontier
from klimit.estimate.frontier.pooled import PooledFrontier
from klimit.estimate.frontier.reliability import ceiling_seen
from klimit.estimate.frontier.sums import Sums
from klimit.estimate.frontier.values import Values

__all__ = ["RisingFrontier", "rising_own", "rising_pooled"]

_FEW = 8.0  # effective draws a prompt below which removing the bias may bend the curve
_SHARES = np.array([0.5, 0.6, 0.7, 0.8, 0.9])  # of the ceiling, where own budgets are looked at
_APART = 1e-6  # of a budget: closer ones are one


@dataclass(frozen=True, slots=True, eq=False)
class RisingFrontier:
    """A frontier, mended where it would fall.

    Where few draws carry it, the bias that is removed may shrink faster than the curve rises;
    there a monotone curve through its running maximum stands for it. Nothing lies below the
    reference's own reward, and nothing above the ceiling where the draws show it, or else above
    the best of all rewards.

    Attributes:
        curve: The frontier as it was estimated.
        budgets: Where it was looked at, rising, in nats, shape ``(g,)``.
        rewards: The largest mean reward up to each, shape ``(g,)``.
        floor: The mean reward of the reference policy, which any budget buys.
        ceiling: The mean of the best rewards where the draws show it, or else the best of all.
    """

    curve: PooledFrontier | OwnFrontier
    budgets: Float64[np.ndarray, " g"]
    rewards: Float64[np.ndarray, " g"]
    floor: float
    ceiling: float

    def values(self, kl: float) -> Values:
        """The rewards at one budget.

        Args:
            kl: Budget, in nats.

        Returns:
            The rewards of all prompts, moved together.
        """
        found = self.curve.values(kl)
        mean = float(found.rewards.mean())
        wanted = mean
        if self.budgets.size > 1 and kl > self.budgets[0]:
            curve = PchipInterpolator(self.budgets, self.rewards)
            wanted = float(curve(min(kl, self.budgets[-1])))
        if kl > 0:
            wanted = min(max(wanted, self.floor), self.ceiling)
        return replace(found, rewards=found.rewards + (wanted - mean))


def rising_pooled(curve: PooledFrontier, *, largest: float) -> RisingFrontier:
    """Mend a pooled frontier where it would fall.

    Args:
        curve: The frontier as it was estimated.
        largest: The largest budget that will be asked for, in nats.

    Returns:
        One that does not fall from where few draws carry it or half of the ceiling is spent.
    """
    budgets = np.empty(0)
    if curve.spending is not None:
        spent = curve.spending.biased
        late = (curve.spending.ess < _FEW) | (spent > curve.ceiling_kl / 2)
        budgets = spent[max(int(late.argmax()) - 1, 0) :] if late.any() else budgets
    top = curve.ceiling_kl
    return _mended(curve, curve.sums, budgets=budgets, top=top, largest=largest)


def rising_own(curve: OwnFrontier, *, largest: float) -> RisingFrontier:
    """Mend a frontier of budgets of every prompt where it would fall.

    Args:
        curve: The frontier as it was estimated.
        largest: The largest budget that will be asked for, in nats.

    Returns:
        One that does not fall from where half of the largest ceiling is spent.
    """
    top = float(np.log(curve.whole.counts / curve.whole.tied).max())
    return _mended(curve, curve.whole, budgets=top * _SHARES, top=top, largest=largest)


def _mended(
    curve: PooledFrontier | OwnFrontier,
    sums: Sums,
    *,
    budgets: Float64[np.ndarray, " g"],
    top: float,
    largest: float,
) -> RisingFrontier:
    best, none = sums.best[:, 0], np.empty(0)
    floor = float(curve.values(0.0).rewards.mean())
    ceiling = float(best.mean() if ceiling_seen(sums) else best.max())
    budgets = budgets[(budgets > 0) & (budgets < (1 - _APART) * top)]
    if ceiling_seen(sums) or not budgets.size or largest <= budgets[0]:
        return RisingFrontier(curve, none, none, floor, ceiling)
    apart = np.append(True, np.diff(np.maximum.accumulate(budgets)) > _APART * budgets[:-1])
    budgets = np.append(budgets[apart], top)
    means = np.array([float(curve.values(float(kl)).rewards.mean()) for kl in budgets])
    return RisingFrontier(curve, budgets, np.maximum.accumulate(means), floor, ceiling)
