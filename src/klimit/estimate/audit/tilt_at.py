"""One tilt of the reference, averaged over prompts, with what moved it."""

from dataclasses import dataclass

from klimit.estimate.audit.noisy import Noisy

__all__ = ["TiltAt"]


@dataclass(frozen=True, slots=True, eq=False)
class TiltAt:
    """The tilt of the reference at one inverse temperature, averaged over prompts.

    Attributes:
        beta: Inverse temperature, the factor on the reward.
        reward: Mean reward under the tilt.
        kl: Divergence of the tilt from the reference, in nats.
        variance: Variance of the reward under the tilt, averaged over prompts.
        ess: Effective number of draws a prompt.
    """

    beta: float
    reward: Noisy
    kl: Noisy
    variance: float
    ess: float

    def divergence(self, kl: Noisy, reward: Noisy) -> Noisy:
        """The divergence of a policy from this tilt, whatever way it was made.

        Args:
            kl: The policy's divergence from the reference, in nats.
            reward: Its mean reward.

        Returns:
            The divergence in nats; ``beta`` must be finite.
        """
        return (kl - self.kl) - self.beta * (reward - self.reward)

    def mirrored(self) -> "TiltAt":
        """The same tilt where the sign of all rewards is changed.

        Returns:
            The tilt.
        """
        return TiltAt(
            beta=-self.beta,
            reward=-1.0 * self.reward,
            kl=self.kl,
            variance=self.variance,
            ess=self.ess,
        )
