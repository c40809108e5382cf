"""Planning best-of-N with a random number of draws."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Float64

from klimit.core.results import Result
from klimit.estimate.best_of.pools import WithinPrompts
from klimit.estimate.best_of.tie_costs import atom_costs
from klimit.estimate.plan.chances import RandomCount, chances
from klimit.estimate.plan.continuum import on_a_continuum
from klimit.estimate.plan.outcome import Means, Outcome, Parameter
from klimit.estimate.plan.ranks import by_rank, mixed_shares
from klimit.estimate.plan.supply import Supply, known
from klimit.exact.random_counts import geometric, one_plus_poisson, zero_truncated_poisson

__all__ = ["RandomBestOf", "random_families"]

MOST_DRAWS = 256
_UNSEEN = 0.01  # chance of more draws than a prompt has, up to which they count as all it has


@dataclass(frozen=True, slots=True, eq=False)
class RandomBestOf(Result):
    """Keep the best of a random number of draws; the strength is the rate, 0 or more.

    Attributes:
        name: What the method is called.
        parameter: The name of its number.
        supply: Draws of the reference policy.
        curves: Reward of best-of-1, best-of-2 and so on for every prompt, shape ``(p, n)``.
        count: The random number at a strength.
        value: The parameter at a strength.
    """

    name: str
    parameter: str
    supply: Supply
    curves: Float64[np.ndarray, "p n"]
    count: Callable[[float], RandomCount]
    value: Callable[[float], float]
    whole: ClassVar[bool] = False
    least: ClassVar[float] = 1e-6

    def most(self) -> float:
        """The largest rate that half of the prompts have draws enough for.

        Returns:
            The strength.
        """
        low, high = self.least, float(self.curves.shape[1])
        while high - low > 1e-3 * low:
            middle = (low + high) / 2
            fits = 2 * self._enough(middle).sum() >= self.supply.pools.counts.size
            low, high = (middle, high) if fits else (low, middle)
        return low

    def means(self, strength: float) -> Means:
        """Reward and KL at a strength.

        Args:
            strength: The rate.

        Returns:
            Their means over the prompts that have draws enough.
        """
        enough = self._enough(strength)
        chance = chances(self.count(strength), most=self.curves.shape[1])
        chance[-1] += 1.0 - chance.sum()
        law = on_a_continuum(self.count(strength))
        cost = atom_costs(self.supply.atoms, cost=law.cost).values[enough]
        reward = float((self.curves[enough] @ chance).mean())
        kl = max(law.kl - float(cost.mean()), 0.0)
        return Means(reward, kl, self.count(strength).mean)

    def outcome(self, strength: float) -> Outcome:
        """All that is predicted at a strength.

        Args:
            strength: The rate.

        Returns:
            The prediction.
        """
        count, more = self.count(strength), self.count(strength + 1.0)
        enough = self._enough(strength)
        law = on_a_continuum(count)
        each = np.full(enough.size, count.mean)
        reward = self._by_rank(lambda m: _shares(count, m)).only(enough)
        gain = self._by_rank(lambda m: _shares(more, m) - _shares(count, m)).only(enough)
        further = more.mean - count.mean
        gain = type(gain)(
            gain.values / further, gain.variances / further**2, gain.doubts / further**4
        )
        return Outcome(
            setting=(Parameter(self.parameter, self.value(strength)),),
            reward=self.supply.mean(reward),
            kl=self.supply.kl(
                atom_costs(self.supply.atoms, cost=law.cost).only(enough), bound=law.kl
            ),
            draws=known(count.mean, level=self.supply.level, count=int(enough.sum())),
            tokens=self.supply.tokens_for(each, enough),
            marginal=self.supply.mean(gain),
            objection=self._objection(enough) or self.supply.decided(reward),
        )

    def _by_rank(self, shares: Callable[[int], Float64[np.ndarray, " m"]]) -> WithinPrompts:
        fixed = self.supply.prompts == "fixed"
        return by_rank(self.supply.pools, shares=shares, least=1, errors=fixed)

    def _enough(self, strength: float) -> Bool[np.ndarray, " p"]:
        """Which prompts have nearly always as many draws as are asked for."""
        upto = np.cumsum(chances(self.count(strength), most=self.curves.shape[1]))
        counts = np.minimum(self.supply.pools.counts, self.curves.shape[1])
        return np.asarray(upto[counts - 1] >= 1.0 - _UNSEEN)

    def _objection(self, enough: Bool[np.ndarray, " p"]) -> str:
        fewer = int((~enough).sum())
        if not fewer:
            return ""
        return f"{fewer} of {enough.size} prompts have too few draws for so large a number"


def random_families(
    supply: Supply, curves: Float64[np.ndarray, "p n"]
) -> tuple[RandomBestOf, ...]:
    """The random numbers of draws that are planned with.

    Args:
        supply: Draws of the reference policy.
        curves: Reward of best-of-1, best-of-2 and so on for every prompt, shape ``(p, n)``.

    Returns:
        Zero-truncated Poisson, one plus Poisson, geometric.
    """

    def chance(rate: float) -> float:
        return 1.0 / (1.0 + rate)

    def same(rate: float) -> float:
        return rate

    return (
        RandomBestOf(
            "zero-truncated-poisson", "rate", supply, curves, zero_truncated_poisson, same
        ),
        RandomBestOf("one-plus-poisson", "rate", supply, curves, one_plus_poisson, same),
        RandomBestOf(
            "geometric", "p", supply, curves, lambda rate: geometric(chance(rate)), chance
        ),
    )


def _shares(count: RandomCount, m: int) -> Float64[np.ndarray, " m"]:
    return mixed_shares(m, chances(count, most=min(m, MOST_DRAWS)))
