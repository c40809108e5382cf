"""Planning a policy trained to the tilt of one inverse temperature."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from klimit.core.results import Estimate, Result
from klimit.estimate.frontier.reliability import objection
from klimit.estimate.heavy_tails import pooled_tail
from klimit.estimate.plan.outcome import Means, Outcome, Parameter
from klimit.estimate.plan.supply import Supply, known
from klimit.estimate.tilt import estimate_tilt
from klimit.estimate.tilted import Tilted, tilted
from klimit.estimate.weights import effective_draws

__all__ = ["Tilting"]

_SPAN = 1e3  # the largest beta tried, times that range: past every rise that is seen


@dataclass(frozen=True, slots=True, eq=False)
class Tilting(Result):
    """Train to ``beta``, which is to say with the KL coefficient ``1 / beta``.

    The strength is the logarithm of ``beta`` times the span of rewards.

    Attributes:
        supply: Draws of the reference policy.
    """

    supply: Supply
    name: ClassVar[str] = "train-to-beta"
    whole: ClassVar[bool] = False

    @property
    def least(self) -> float:
        """A strength so weak that the policy is nearly the reference policy."""
        return self.supply.faintest

    def most(self) -> float:
        """The largest strength for which enough draws count.

        Returns:
            The strength.
        """
        low, high = self.least, float(np.log(_SPAN))
        if not self._too_few(high):
            return high
        while high - low > 1e-3:
            middle = (low + high) / 2
            low, high = (middle, high) if not self._too_few(middle) else (low, middle)
        return low

    def means(self, strength: float) -> Means:
        """Reward and KL at a strength.

        Args:
            strength: Logarithm of ``beta`` times the span of rewards.

        Returns:
            Their means over prompts.
        """
        found = self._tilted(strength)
        return Means(float(found.mean.values.mean()), float(found.kl.values.mean()), 1.0)

    def outcome(self, strength: float) -> Outcome:
        """All that is predicted at a strength.

        Args:
            strength: Logarithm of ``beta`` times the span of rewards.

        Returns:
            The prediction.
        """
        beta, supply = self._beta(strength), self.supply
        found = self._tilted(strength)
        return Outcome(
            setting=(Parameter("beta", beta), Parameter("kl_coef", 1.0 / beta)),
            reward=found.mean.mean(prompts=supply.prompts, level=supply.level),
            kl=found.kl.mean(prompts=supply.prompts, level=supply.level),
            draws=known(1.0, level=supply.level, count=supply.draws.counts.size),
            tokens=self._tokens(beta),
            marginal=None,
            objection=self._objection(strength),
        )

    def _tilted(self, strength: float) -> Tilted:
        tail = pooled_tail(self.supply.pools)
        return tilted(self.supply.draws, beta=self._beta(strength), tail=tail)

    def _too_few(self, strength: float) -> str:
        each = effective_draws(self.supply.draws, beta=self._beta(strength))
        return objection(self.supply.draws, ess=float(1.0 / (1.0 / each).mean()))

    def _objection(self, strength: float) -> str:
        limit = pooled_tail(self.supply.pools).steepest_beta
        if self._beta(strength) > limit:
            return (
                f"above beta {limit:.3g} the weights of a few draws decide: the tail of these "
                "rewards leaves them no variance"
            )
        return self._too_few(strength)

    def _tokens(self, beta: float) -> Estimate | None:
        """The length of the trained policy's own responses."""
        if self.supply.tokens is None:
            return None
        return estimate_tilt(
            self.supply.draws,
            beta=beta,
            values=self.supply.tokens,
            prompts=self.supply.prompts,
            level=self.supply.level,
        ).reward

    def _beta(self, strength: float) -> float:
        return float(np.exp(strength)) / self.supply.span
