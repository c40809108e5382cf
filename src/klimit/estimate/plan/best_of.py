"""Planning best-of-N."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from klimit.core.results import Result
from klimit.estimate.best_of.order_statistics import subset_shares
from klimit.estimate.best_of.pools import WithinPrompts
from klimit.estimate.best_of.tie_costs import tie_costs
from klimit.estimate.plan.outcome import Means, Outcome, Parameter
from klimit.estimate.plan.ranks import by_rank
from klimit.estimate.plan.supply import Supply, known

__all__ = ["BestOf"]


@dataclass(frozen=True, slots=True, eq=False)
class BestOf(Result):
    """Keep the best of ``n`` draws; the strength is ``n``.

    Attributes:
        supply: Draws of the reference policy.
    """

    supply: Supply
    name: ClassVar[str] = "best-of-n"
    whole: ClassVar[bool] = True
    least: ClassVar[float] = 1.0

    def most(self) -> float:
        """The number of draws that half of the prompts have.

        Returns:
            The strength.
        """
        return float(self.supply.typical)

    def means(self, strength: float) -> Means:
        """Reward and KL at a strength.

        Args:
            strength: The number of draws.

        Returns:
            Their means over the prompts that have so many draws.
        """
        n = round(strength)
        enough = self.supply.pools.counts >= n
        reward = self.supply.pools.best_of(n, errors=False).values[enough]
        cost = tie_costs(self.supply.atoms, n=n).values[enough]
        return Means(float(reward.mean()), max(_bound(n) - float(cost.mean()), 0.0), n)

    def outcome(self, strength: float) -> Outcome:
        """All that is predicted at a strength.

        Args:
            strength: The number of draws.

        Returns:
            The prediction.
        """
        n, pools = round(strength), self.supply.pools
        enough = pools.counts >= n
        fixed = self.supply.prompts == "fixed"
        reward = pools.best_of(n, errors=fixed).only(enough)
        each = np.full(pools.counts.size, float(n))
        return Outcome(
            setting=(Parameter("n", n),),
            reward=self.supply.mean(reward),
            kl=self.supply.kl(tie_costs(self.supply.atoms, n=n).only(enough), bound=_bound(n)),
            draws=known(float(n), level=self.supply.level, count=int(enough.sum())),
            tokens=self.supply.tokens_for(each, enough),
            marginal=self.supply.mean(self._gain(n)) if (pools.counts > n).any() else None,
            objection=self._objection(n) or self.supply.decided(reward),
        )

    def _gain(self, n: int) -> WithinPrompts:
        """What draw ``n + 1`` adds at every prompt that has it."""
        pools = self.supply.pools

        def shares(m: int) -> Float64[np.ndarray, " m"]:
            return np.asarray(subset_shares(m, n + 1) - subset_shares(m, n))

        gain = by_rank(pools, shares=shares, least=n + 1, errors=self.supply.prompts == "fixed")
        return gain.only(pools.counts > n)

    def _objection(self, n: int) -> str:
        counts = self.supply.pools.counts
        fewer = int((counts < n).sum())
        if fewer:
            return f"{fewer} of {counts.size} prompts have fewer than {n} draws"
        if self.supply.prompts == "fixed" and (counts == n).any():
            return f"there is no draw beyond {n} to tell the error from"
        return ""


def _bound(n: int) -> float:
    return float(np.log(n) - (n - 1) / n)
