"""What two policies' draws say, as numbers whose errors combine."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InsufficientDataError
from klimit.core.results import Estimate
from klimit.estimate.audit.noisy import Interval, Noisy, confidence, student
from klimit.estimate.audit.tilt_at import TiltAt
from klimit.estimate.draws import Draws
from klimit.estimate.paired import prompt_means
from klimit.estimate.weights import prompt_tilts, tilt_weights

__all__ = ["Sources"]

_LEAST = 1e-15  # what a weight of 1 leaves to the other draws, so that logarithms are finite


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
        """Standard errors between the centre of an interval and its ends."""
        freedom = len(self.reference.prompts) - 1.0 if self.prompts == "sampled" else np.inf
        return student(self.level, freedom=freedom)

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
        """A number with its symmetric interval.

        Args:
            number: The number.

        Returns:
            The estimate.
        """
        return self.shown(confidence(number, quantile=self.quantile), number.stderr)

    def of_policy(self, values: Float64[np.ndarray, " n"]) -> Noisy:
        """The mean over prompts of a number of each of the policy's draws.

        Args:
            values: The numbers, shape ``(n,)``.

        Returns:
            Their mean.
        """
        means = prompt_means(self.policy, values).mean
        if self.prompts == "sampled":
            return _over_prompts(means)
        moves = _within(self.policy, values, means)
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
            return _over_prompts(means)
        return self._of_draws(means, _within(self.reference, values, means))

    def tilt(self, beta: float) -> TiltAt:
        """The tilt of the reference.

        Args:
            beta: Inverse temperature, finite, of either sign.

        Returns:
            Its averages over prompts.
        """
        if beta < 0:
            return self.mirrored().tilt(-beta).mirrored()
        tilts = prompt_tilts(self.reference, beta=beta)
        if self.prompts == "sampled":
            reward, kl = _over_prompts(tilts.reward), _over_prompts(tilts.kl)
        else:
            weights = tilt_weights(self.reference, beta=beta)
            rest = np.maximum(1.0 - weights, _LEAST)
            centre = np.repeat(tilts.plug_in_reward, self.reference.counts)
            shift = -weights * (self.reference.rewards - centre) / rest
            reward = self._left_out(tilts.reward, shift)
            kl = self._left_out(tilts.kl, beta * shift - np.log(rest))
        return TiltAt(
            beta=beta,
            reward=reward,
            kl=kl,
            variance=float(tilts.variance.mean()),
            ess=float(1.0 / tilts.squares.mean()),
        )

    def limit(self) -> TiltAt:
        """The tilt of infinite ``beta``: the best draws of each prompt, in equal parts.

        Returns:
            Its averages over prompts.
        """
        draws, counts = self.reference, self.reference.counts
        top = np.maximum.reduceat(draws.rewards, draws.offsets[:-1])
        best = draws.rewards == np.repeat(top, counts)
        tied = np.add.reduceat(best.astype(np.float64), draws.offsets[:-1])
        kl = np.log(counts / tied)
        if self.prompts == "sampled":
            reward, spent = _over_prompts(top), _over_prompts(kl)
        else:
            reward = self._of_draws(top, np.zeros(len(draws)))
            moves = np.repeat(1.0 / counts, counts) - best / np.repeat(tied, counts)
            spent = self._of_draws(kl, moves / counts.size)
        return TiltAt(
            beta=np.inf,
            reward=reward,
            kl=spent,
            variance=0.0,
            ess=float(1.0 / (1.0 / tied).mean()),
        )

    def mirrored(self) -> "Sources":
        """The same draws of the reference with the sign of their rewards changed.

        Returns:
            The sources; the policy's draws stay.
        """
        draws = self.reference
        other = Draws.from_blocks(draws.prompts, draws.offsets, -draws.rewards)
        return Sources(self.policy, other, self.prompts, self.level)

    def _left_out(
        self, values: Float64[np.ndarray, " p"], left: Float64[np.ndarray, " n"]
    ) -> Noisy:
        """A statistic of every prompt from what it is without each of its draws in turn."""
        means = prompt_means(self.reference, left).mean
        without = np.repeat(self.reference.counts - 1.0, self.reference.counts)
        return self._of_draws(values, -without * _within(self.reference, left, means))

    def _of_draws(
        self, values: Float64[np.ndarray, " p"], moves: Float64[np.ndarray, " n"]
    ) -> Noisy:
        return Noisy(float(values.mean()), np.concatenate([np.zeros(len(self.policy)), moves]))


def _over_prompts(values: Float64[np.ndarray, " p"]) -> Noisy:
    mean, p = float(values.mean()), values.size
    return Noisy(mean, (values - mean) / (p * (p - 1)) ** 0.5)


def _within(
    draws: Draws, values: Float64[np.ndarray, " n"], means: Float64[np.ndarray, " p"]
) -> Float64[np.ndarray, " n"]:
    counts = draws.counts
    scale = 1.0 / (counts.size * np.sqrt(counts * (counts - 1.0)))
    moves: Float64[np.ndarray, " n"] = (values - np.repeat(means, counts)) * np.repeat(
        scale, counts
    )
    return moves
