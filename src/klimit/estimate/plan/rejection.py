"""Planning rejection: draw until the reward reaches a threshold."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from klimit.core.results import Estimate, Result
from klimit.estimate.draws import Draws
from klimit.estimate.plan.outcome import Means, Outcome, Parameter
from klimit.estimate.plan.supply import Supply

__all__ = ["Rejection", "rejection"]

_NEAREST = 5  # draws of a prompt at or above a threshold, for a rate to be worth naming
_LEAST_ABOVE = 10  # and for its interval to hold


@dataclass(frozen=True, slots=True, eq=False)
class _Above:
    """The draws of every prompt at or above a threshold.

    Attributes:
        number: How many, shape ``(p,)``.
        mean: Their mean reward; the best reward where there is none.
        variance: Variance of that mean over the draws.
    """

    number: Float64[np.ndarray, " p"]
    mean: Float64[np.ndarray, " p"]
    variance: Float64[np.ndarray, " p"]


@dataclass(frozen=True, slots=True, eq=False)
class Rejection(Result):
    r"""Draw until a reward is at or above a threshold common to all prompts.

    Where a prompt reaches it with probability ``P``, the KL is ``-log P`` and the mean number
    of draws ``1 / P``. The strength is the rank of the threshold among the distinct rewards.

    Attributes:
        supply: Draws of the reference policy.
        thresholds: The distinct rewards, rising, shape ``(t,)``.
    """

    supply: Supply
    thresholds: Float64[np.ndarray, " t"]
    name: ClassVar[str] = "rejection"
    whole: ClassVar[bool] = True
    least: ClassVar[float] = 0.0

    def most(self) -> float:
        """The highest threshold that every prompt has draws enough above.

        Returns:
            The strength.
        """
        counts = self.supply.pools.counts
        ranks = self.supply.pools.offsets[1:] - np.minimum(_NEAREST, counts)
        lowest = self.supply.pools.rewards[ranks].min()
        return float(np.searchsorted(self.thresholds, lowest))

    def means(self, strength: float) -> Means:
        """Reward and KL at a strength.

        Args:
            strength: Rank of the threshold.

        Returns:
            Their means over prompts.
        """
        above = _above(self.supply.draws, self.thresholds[round(strength)])
        each = (self.supply.pools.counts + 1) / (above.number + 1)
        return Means(
            float(above.mean.mean()), float(self._kl(above).mean()), float(each.mean())
        )

    def outcome(self, strength: float) -> Outcome:
        """All that is predicted at a strength.

        Args:
            strength: Rank of the threshold.

        Returns:
            The prediction.
        """
        rank = round(strength)
        above = _above(self.supply.draws, self.thresholds[rank])
        m = self.supply.pools.counts
        passed = np.maximum(above.number, 0.5) / m
        each = (m + 1) / (above.number + 1)
        return Outcome(
            setting=(Parameter("threshold", float(self.thresholds[rank])),),
            reward=self.supply.paired(above.mean, above.variance),
            kl=self.supply.paired(self._kl(above), (1 - passed) / (m * passed)),
            draws=self.supply.paired(each, (1 - passed) / (m * passed**3)),
            tokens=self.supply.tokens_for(each, np.ones(m.size, dtype=bool)),
            marginal=self._marginal(rank, each, above),
            objection=self._objection(above),
        )

    def _kl(self, above: _Above) -> Float64[np.ndarray, " p"]:
        """``-log P``: the halves take the bias of order ``1/m`` away, whatever ``P``."""
        return np.log((self.supply.pools.counts + 0.5) / (above.number + 0.5))

    def _marginal(
        self, rank: int, each: Float64[np.ndarray, " p"], above: _Above
    ) -> Estimate | None:
        """Gain over added draws from here to a threshold that costs a draw more, or nearly."""
        m, low, high = self.supply.pools.counts, rank, round(self.most())
        if high <= rank:
            return None
        while high - low > 1:
            middle = (low + high) // 2
            number = _above(self.supply.draws, self.thresholds[middle]).number
            further = float(((m + 1) / (number + 1) - each).mean())
            low, high = (middle, high) if further <= 1.0 else (low, middle)
        further_up = _above(self.supply.draws, self.thresholds[high])
        added = float(((m + 1) / (further_up.number + 1) - each).mean())
        gain = (further_up.mean - above.mean) / added
        return self.supply.paired(gain, (above.variance + further_up.variance) / added**2)

    def _objection(self, above: _Above) -> str:
        needed = np.minimum(_LEAST_ABOVE, self.supply.pools.counts)
        few = int((above.number < needed).sum())
        if not few:
            return ""
        return (
            f"{few} of {needed.size} prompts have fewer than {_LEAST_ABOVE} draws at or above "
            "the threshold"
        )


def rejection(supply: Supply) -> Rejection:
    """Rejection at each of the rewards seen.

    Args:
        supply: Draws of the reference policy.

    Returns:
        The method.

    Example:
        >>> from klimit.estimate.plan.supply import supply
        >>> draws = Draws.from_matrix([[0.0, 0.0, 1.0, 1.0]] * 2)
        >>> found = rejection(supply(draws, tokens=None, prompts="fixed", level=0.9))
        >>> found.thresholds
        array([0., 1.])
    """
    return Rejection(supply, np.unique(supply.draws.rewards))


def _above(draws: Draws, threshold: float) -> _Above:
    starts, counts = draws.offsets[:-1], draws.counts
    passes = draws.rewards >= threshold
    number = np.add.reduceat(passes.astype(np.float64), starts)
    top = np.maximum.reduceat(draws.rewards, starts)
    below = np.where(passes, draws.rewards - np.repeat(top, counts), 0.0)
    some = np.maximum(number, 1.0)
    mean = np.add.reduceat(below, starts) / some
    gap = np.where(passes, below - np.repeat(mean, counts), 0.0)
    squares = np.add.reduceat(gap**2, starts)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.where(number > 1, squares / (some * (number - 1)), np.inf)
    return _Above(number, top + mean, variance)
