"""What two policies' draws say, as numbers whose errors combine."""

from dataclasses import dataclass
from math import inf

import numpy as np
from jaxtyping import Float64
from scipy.special import stdtrit

from klimit.core.errors import InsufficientDataError
from klimit.core.results import Estimate
from klimit.estimate.audit.noisy import Interval, Noisy, confidence
from klimit.estimate.draws import Draws
from klimit.estimate.moves import moves_of_draws, moves_of_prompts
from klimit.estimate.paired import prompt_means

__all__ = ["Sources"]


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """Draws of a policy and of the reference at the same prompts.

    With sampled prompts the unit of the data is the prompt, and what both policies share at a
    prompt cancels; with fixed prompts it is the draw.

    Attributes:
        policy: Draws of the policy.
        reference: Draws of the reference, prompts in the same order.
        prompts: ``"sampled"`` or ``"fixed"``.
        level: Nominal coverage of the intervals.
    """

    policy: Draws
    reference: Draws
    prompts: str
    level: float

    @classmethod
    def of_reference_alone(cls, reference: Draws, *, prompts: str, level: float) -> "Sources":
        """Sources for policies of which no draws are at hand.

        Args:
            reference: Draws of the reference.
            prompts: ``"sampled"`` or ``"fixed"``.
            level: Nominal coverage of the intervals.

        Returns:
            The sources.
        """
        nobody = Draws((), np.zeros(1, dtype=np.int64), np.empty(0))
        return cls(nobody, reference, prompts, level)

    def known(self, value: float) -> Noisy:
        """A number without error.

        Args:
            value: The number.

        Returns:
            The number, moved by nothing.
        """
        units = len(self.policy) + len(self.reference)
        if self.prompts == "sampled":
            units = len(self.reference.prompts)
        return Noisy(value, np.zeros(units))

    def check(self) -> None:
        """Refuse data that tell no error.

        Raises:
            InsufficientDataError: One prompt where prompts are sampled, or a prompt with a
                single draw where they are fixed.
        """
        if self.prompts == "sampled" and len(self.reference.prompts) < 2:
            raise InsufficientDataError(
                "an interval for the population of prompts needs 2 prompts, got 1; "
                'audit more, or ask for these alone with prompts="fixed"'
            )
        for name, draws in (("policy", self.policy), ("reference", self.reference)):
            single = int((draws.counts == 1).sum())
            if self.prompts == "fixed" and single:
                raise InsufficientDataError(
                    f"an interval for these prompts alone needs 2 draws of each, {single} of "
                    f"{draws.counts.size} have one draw of the {name}; draw more, or use "
                    'prompts="sampled"'
                )

    @property
    def quantile(self) -> float:
        """Standard errors between the centre of a plain interval and its ends."""
        return float(stdtrit(min(self.freedom, 1e9), 0.5 + self.level / 2))

    @property
    def freedom(self) -> float:
        """The most degrees of freedom that an error has."""
        return len(self.reference.prompts) - 1.0 if self.prompts == "sampled" else inf

    def confidence(self, number: Noisy, *, doubt: float = 0.0, upward: float = 0.0) -> Interval:
        """The interval of a number.

        Args:
            number: The number.
            doubt: Standard error of a bias that may remain, of either sign.
            upward: Standard error of a bias that can only be downward.

        Returns:
            The interval.
        """
        return confidence(
            number, level=self.level, most=self.freedom, doubt=doubt, upward=upward
        )

    @property
    def method(self) -> str:
        """How intervals are made, in words."""
        how = "clustered by prompt" if self.prompts == "sampled" else "draws within prompts"
        return f"t, {how}, policy and reference paired"

    def shown(self, interval: Interval, stderr: float) -> Estimate:
        """An interval as users see it.

        Args:
            interval: Value and ends.
            stderr: Standard error of the value.

        Returns:
            The estimate.
        """
        ends = (interval.value, stderr, interval.low, interval.high)
        return Estimate(*ends, self.level, len(self.reference.prompts), self.method)

    def estimate(self, number: Noisy) -> Estimate:
        """A number with its interval.

        Args:
            number: The number.

        Returns:
            The estimate.
        """
        return self.shown(self.confidence(number), number.stderr)

    def of_prompts(self, values: Float64[np.ndarray, " p"]) -> Noisy:
        """The mean of a number of each prompt, where prompts are sampled.

        Args:
            values: The numbers, shape ``(p,)``.

        Returns:
            Their mean.
        """
        return Noisy(float(values.mean()), moves_of_prompts(values))

    def of_policy(self, values: Float64[np.ndarray, " n"]) -> Noisy:
        """The mean over prompts of a number of each of the policy's draws.

        Args:
            values: The numbers, shape ``(n,)``.

        Returns:
            Their mean.
        """
        means = prompt_means(self.policy, values).mean
        if self.prompts == "sampled":
            return Noisy(float(means.mean()), moves_of_prompts(means))
        moves = moves_of_draws(self.policy, values, means)
        return Noisy(
            float(means.mean()), np.concatenate([moves, np.zeros(len(self.reference))])
        )

    def of_reference(self, values: Float64[np.ndarray, " n"]) -> Noisy:
        """The mean over prompts of a number of each of the reference's draws.

        Args:
            values: The numbers, shape ``(n,)``.

        Returns:
            Their mean.
        """
        means = prompt_means(self.reference, values).mean
        if self.prompts == "sampled":
            return Noisy(float(means.mean()), moves_of_prompts(means))
        return self.of_draws(means, moves_of_draws(self.reference, values, means))

    def mirrored(self) -> "Sources":
        """The same draws of the reference with the sign of their rewards changed.

        Returns:
            The sources; the policy's draws stay.
        """
        draws = self.reference
        other = Draws.from_blocks(draws.prompts, draws.offsets, -draws.rewards)
        return Sources(self.policy, other, self.prompts, self.level)

    def of_draws(
        self, values: Float64[np.ndarray, " p"], moves: Float64[np.ndarray, " n"]
    ) -> Noisy:
        """The mean of a number of each prompt, where prompts are fixed.

        Args:
            values: The numbers, shape ``(p,)``.
            moves: How each of the reference's draws moved their mean, shape ``(n,)``.

        Returns:
            Their mean.
        """
        moves = np.concatenate([np.zeros(len(self.policy)), moves])
        return Noisy(float(values.mean()), moves)
