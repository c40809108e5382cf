"""What a method gives at one setting."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from klimit.core.results import Estimate, Result

__all__ = ["Means", "Method", "Outcome", "Parameter"]


@dataclass(frozen=True, slots=True)
class Parameter(Result):
    """One number to set.

    Attributes:
        name: Its name, as the function of the method takes it.
        value: Its value.
    """

    name: str
    value: float

    def __str__(self) -> str:
        """Name and value.

        Example:
            >>> print(Parameter("n", 8))
            n=8
        """
        return f"{self.name}={self.value:.4g}"


@dataclass(frozen=True, slots=True, eq=False)
class Outcome(Result):
    """A method at one setting.

    Attributes:
        setting: The numbers to set.
        reward: Expected reward.
        kl: Divergence from the reference policy, in nats, averaged over prompts.
        draws: Draws for one response; known without error where the method says so.
        tokens: Tokens generated for one response; ``None`` where the length of draws is not
            known.
        marginal: What one more draw for each response adds to the reward; ``None`` for a
            trained policy, which draws once.
        objection: Why the data do not bear this, in words; empty where they do.
    """

    setting: tuple[Parameter, ...]
    reward: Estimate
    kl: Estimate
    draws: Estimate
    tokens: Estimate | None
    marginal: Estimate | None
    objection: str


@dataclass(frozen=True, slots=True)
class Means:
    """Where a setting lies: what a search or a curve needs of it, without errors.

    Attributes:
        reward: Expected reward.
        kl: Divergence from the reference policy, in nats.
        draws: Draws for one response.
    """

    reward: float
    kl: float
    draws: float


@runtime_checkable
class Method(Protocol):
    """A family of policies along which reward and KL rise with one number, the strength."""

    @property
    def name(self) -> str:
        """What the method is called."""

    @property
    def whole(self) -> bool:
        """Whether strengths are whole numbers."""

    @property
    def least(self) -> float:
        """The weakest setting: the reference policy, or nearly."""

    def most(self) -> float:
        """The strongest setting that the draws bear.

        Returns:
            The strength.
        """

    def means(self, strength: float) -> Means:
        """Reward and KL at a strength."""

    def outcome(self, strength: float) -> Outcome:
        """All that is predicted at a strength, with errors."""
