"""What two policies' draws say, as numbers whose errors combine."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import inf

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InsufficientDataError
from klimit.core.results import Estimate
from klimit.estimate.audit.ends import Interval
from klimit.estimate.audit.noisy import POLICY, REFERENCE, Influence, Noisy
from klimit.estimate.draws import Draws
from klimit.estimate.interval import interval
from klimit.estimate.moves import moves_of_draws, moves_of_prompts
from klimit.estimate.paired import prompt_means
from klimit.estimate.uncertainty import require_several_prompts, student_quantile, units_of

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

    def check(self) -> None:
        """Refuse data that tell no error.

        Raises:
            InsufficientDataError: One prompt where prompts are sampled, or a prompt with a
                single draw where they are fixed.
        """
        if self.prompts == "sampled":
            require_several_prompts(len(self.reference.prompts))
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
        return student_quantile(self.freedom, self.level)

    @property
    def freedom(self) -> float:
        """The most degrees of freedom that an error has."""
        return len(self.reference.prompts) - 1.0 if self.prompts == "sampled" else inf

    def confidence(self, number: Noisy, *, doubt: float = 0.0, upward: float = 0.0) -> Interval:
        """The interval of a number, from what moved it and from what may still be wrong.

        Args:
            number: The number.
            doubt: Standard error of a bias that may remain, of either sign.
            upward: Standard error of a bias that can only be downward.

        Returns:
            The interval.
        """
        units = len(self.policy) + len(self.reference)
        if self.prompts == "sampled":
            units = len(self.reference.prompts)
        spread = number.spread(units=units, most=self.freedom)
        spread = replace(spread, doubt=doubt, upward=upward)
        found = interval(number.value, spread, level=self.level, n=units, method="")
        return Interval(found.value, found.low, found.high)

    @property
    def method(self) -> str:
        """How intervals are made, in words."""
        return f"t, {units_of(self.prompts)}, policy and reference paired"

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
        moves = moves_of_prompts(values)
        return Noisy(float(values.mean()), {Influence(POLICY, lambda: [moves]): 1.0})

    def of_policy(self, values: Float64[np.ndarray, " n"]) -> Noisy:
        """The mean over prompts of a number of each of the policy's draws.

        Args:
            values: The numbers, shape ``(n,)``.

        Returns:
            Their mean.
        """
        means = prompt_means(self.policy, values).mean
        if self.prompts == "sampled":
            return self.of_prompts(means)
        influence = Influence(
            POLICY, lambda: moves_of_draws(self.policy, lambda part: values[part.rows])
        )
        return Noisy(float(means.mean()), {influence: 1.0})

    def of_reference(self, values: Float64[np.ndarray, " n"]) -> Noisy:
        """The mean over prompts of a number of each of the reference's draws.

        Args:
            values: The numbers, shape ``(n,)``.

        Returns:
            Their mean.
        """
        means = prompt_means(self.reference, values).mean
        if self.prompts == "sampled":
            return self.of_prompts(means)
        return self.of_draws(
            means, lambda: moves_of_draws(self.reference, lambda part: values[part.rows])
        )

    def of_draws(
        self,
        values: Float64[np.ndarray, " p"],
        moves: Callable[[], Iterator[Float64[np.ndarray, " _"]]],
    ) -> Noisy:
        """The mean of a number of each prompt, where prompts are fixed.

        Args:
            values: The numbers, shape ``(p,)``.
            moves: How each of the reference's draws moved their mean, part by part.

        Returns:
            Their mean.
        """
        return Noisy(float(values.mean()), {Influence(REFERENCE, moves): 1.0})

    def mirrored(self) -> "Sources":
        """The same draws of the reference with the sign of their rewards changed.

        Returns:
            The sources; the policy's draws stay.
        """
        draws = self.reference
        other = Draws.from_blocks(draws.prompts, draws.offsets, -draws.rewards)
        return Sources(self.policy, other, self.prompts, self.level)
