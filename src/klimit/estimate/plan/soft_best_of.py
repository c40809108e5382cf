"""Planning soft best-of-n."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float64

from klimit.core.results import Estimate, Result
from klimit.estimate.plan.left_out import LeftOut, within_prompts
from klimit.estimate.plan.outcome import Means, Outcome, Parameter
from klimit.estimate.plan.soft_law import soft_law
from klimit.estimate.plan.supply import Supply, known

__all__ = ["SoftBestOf"]

_SHARPEST = 150.0  # the largest beta times the span of rewards
_WORK = 2.0**22  # pairs of draws, over all prompts, that are looked at for one setting
_LARGEST = 512  # draws of a prompt
_PER_N = 4  # draws for each of the n, below which what is left of the bias shows


@dataclass(frozen=True, slots=True, eq=False)
class SoftBestOf(Result):
    """Of ``n`` draws keep one with weight ``exp(beta * reward)``.

    The strength is the logarithm of ``beta`` times the span of rewards.

    Attributes:
        supply: Draws of the reference policy.
        n: Number of draws of which one is kept.
        stride: Of how many prompts ``means`` looks at one.
    """

    supply: Supply
    n: int
    stride: int = 1
    name: ClassVar[str] = "soft-best-of-n"
    whole: ClassVar[bool] = False

    @property
    def least(self) -> float:
        """A strength so weak that the policy is nearly the reference policy."""
        return self.supply.faintest

    def most(self) -> float:
        """The strongest choice that is worked out: nearly that of the best.

        Returns:
            The strength.
        """
        return float(np.log(_SHARPEST))

    def means(self, strength: float) -> Means:
        """Reward and KL at a strength.

        Args:
            strength: Logarithm of ``beta`` times the span of rewards.

        Returns:
            Their means over the prompts that are looked at.
        """
        chosen = self._blocks()[:: self.stride]
        laws = [soft_law(block, n=self.n, beta=self._beta(strength)) for block in chosen]
        return Means(
            float(np.mean([law.reward.value for law in laws])),
            float(np.mean([law.kl.value for law in laws])),
            float(self.n),
        )

    def outcome(self, strength: float) -> Outcome:
        """All that is predicted at a strength.

        Args:
            strength: Logarithm of ``beta`` times the span of rewards.

        Returns:
            The prediction.
        """
        beta, blocks = self._beta(strength), self._blocks()
        laws = [soft_law(block, n=self.n, beta=beta) for block in blocks]
        reward = within_prompts([law.reward for law in laws])
        more = [soft_law(block, n=self.n + 1, beta=beta).reward for block in blocks]
        gains = [new.less(law.reward) for new, law in zip(more, laws, strict=True)]
        count = len(blocks)
        each = np.full(count, float(self.n))
        return Outcome(
            setting=(Parameter("n", self.n), Parameter("beta", beta)),
            reward=self.supply.mean(reward),
            kl=self._mean([law.kl for law in laws]),
            draws=known(float(self.n), level=self.supply.level, count=count),
            tokens=self.supply.tokens_for(each, np.ones(count, dtype=bool)),
            marginal=self._mean(gains),
            objection=self._objection(blocks) or self.supply.decided(reward),
        )

    def _blocks(self) -> list[Float64[np.ndarray, " _"]]:
        """The draws of each prompt, no more than the work allows."""
        draws = self.supply.draws
        fair = int((_WORK / len(draws.prompts)) ** 0.5)
        most = min(_LARGEST, max(64, 4 * _PER_N * self.n, fair))
        blocks = np.split(draws.rewards, draws.offsets[1:-1])
        return [block[:most] for block in blocks]

    def _mean(self, numbers: list[LeftOut]) -> Estimate:
        return self.supply.mean(within_prompts(numbers))

    def _objection(self, blocks: list[Float64[np.ndarray, " _"]]) -> str:
        needed = _PER_N * self.n
        few = sum(block.size < needed for block in blocks)
        if not few:
            return ""
        return f"{few} of {len(blocks)} prompts have fewer than {needed} draws, {_PER_N} n"

    def _beta(self, strength: float) -> float:
        return float(np.exp(strength)) / self.supply.span
