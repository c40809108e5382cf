"""Planning a policy trained to the tilt of one inverse temperature."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from scipy.special import ndtri

from klimit.core.results import Estimate, Result
from klimit.estimate.frontier.reliability import objection
from klimit.estimate.frontier.values import extrapolated
from klimit.estimate.heavy_tails import pooled_tail
from klimit.estimate.plan.left_out import within_prompts
from klimit.estimate.plan.outcome import Means, Outcome, Parameter
from klimit.estimate.plan.supply import Supply, known
from klimit.estimate.plan.tilt_law import TiltLaw, tilt_law
from klimit.estimate.tilt import estimate_tilt
from klimit.estimate.weights import prompt_tilts

__all__ = ["Tilting"]

_SPAN = 1e3  # the largest beta tried, times that range: past every rise that is seen


@dataclass(frozen=True, slots=True, eq=False)
class Tilting(Result):
    """Train to ``beta``, which is to say with the KL coefficient ``1 / beta``.

    The strength is the logarithm of ``beta`` times the widest range of rewards.

    Attributes:
        supply: Draws of the reference policy.
    """

    supply: Supply
    name: ClassVar[str] = "train-to-beta"
    whole: ClassVar[bool] = False
    least: ClassVar[float] = -14.0

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
            strength: Logarithm of ``beta`` times the widest range of rewards.

        Returns:
            Their means over prompts.
        """
        tilts = prompt_tilts(self.supply.draws, beta=self._beta(strength))
        return Means(float(tilts.reward.mean()), float(tilts.kl.mean()), 1.0)

    def outcome(self, strength: float) -> Outcome:
        """All that is predicted at a strength.

        Args:
            strength: Logarithm of ``beta`` times the widest range of rewards.

        Returns:
            The prediction.
        """
        beta, draws = self._beta(strength), self.supply.draws
        blocks = np.split(draws.rewards, draws.offsets[1:-1])
        laws = [tilt_law(block, beta=beta) for block in blocks]
        return Outcome(
            setting=(Parameter("beta", beta), Parameter("kl_coef", 1.0 / beta)),
            reward=self.supply.mean(within_prompts([law.reward for law in laws])),
            kl=self._kl(laws),
            draws=known(1.0, level=self.supply.level, count=len(blocks)),
            tokens=self._tokens(beta),
            marginal=None,
            objection=self._objection(strength),
        )

    def _kl(self, laws: Sequence[TiltLaw]) -> Estimate:
        """The divergence, its interval reaching to what may be left of its bias.

        Draws that happen to lack the rare large weights give too small a divergence and too
        small an error at once; how slowly the bias falls with their number tells how much too
        small it may be.
        """
        bias, change = np.array([(law.kl_bias, law.kl_change) for law in laws]).T
        more = extrapolated(bias, change)
        found = self.supply.mean(within_prompts([law.kl for law in laws]))
        normal = float(ndtri(0.5 + found.level / 2))
        upward = max(more.doubt, more.upward + float((more.added - bias).mean()))
        down, up = found.value - found.low, found.high - found.value
        return replace(
            found,
            standard_error=float(np.hypot(found.standard_error, more.doubt)),
            low=found.value - float(np.hypot(down, normal * more.doubt)),
            high=found.value + float(np.hypot(up, normal * upward)),
        )

    def _too_few(self, strength: float) -> str:
        squares = prompt_tilts(self.supply.draws, beta=self._beta(strength)).squares
        return objection(self.supply.draws, ess=float(1.0 / squares.mean()))

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
