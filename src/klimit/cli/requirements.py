"""``--require``: conditions that a result must meet, for scripts and CI."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Protocol, runtime_checkable

from klimit.cli.conditions import conditions, refused, terms_of

if TYPE_CHECKING:
    from klimit import Estimate

__all__ = ["Comparison", "Requirement", "Verdict", "judged", "parse_requirement"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition, such as ``reward>=0.4@kl=1``.

    Attributes:
        quantity: What is compared.
        relation: ``">="`` or ``"<="``.
        bound: With what.
        axis: ``"kl"`` or ``"n"``.
        at: At which point of the axis.
    """

    quantity: str
    relation: str
    bound: float
    axis: str
    at: float

    def __str__(self) -> str:
        """The condition as it is typed."""
        return f"{self.quantity}{self.relation}{self.bound:g}@{self.axis}={self.at:g}"

    def judge(self, estimate: "Estimate", *, objection: str = "") -> "Verdict":
        """Compare the end of the interval that is against us, so that luck does not pass.

        Args:
            estimate: The quantity.
            objection: Why the data do not bear it; such a point never passes.

        Returns:
            The verdict.
        """
        return judged(self, estimate, at=f"at {self.axis} {self.at:g}", objection=objection)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a condition is met.

    Attributes:
        requirement: The condition.
        met: Whether it is.
        line: The verdict in words: by how much, and what was compared.
    """

    requirement: "Comparison"
    met: bool
    line: str


@runtime_checkable
class Comparison(Protocol):
    """A condition of any command: what is compared, and with what."""

    @property
    def quantity(self) -> str:
        """What is compared."""

    @property
    def relation(self) -> str:
        """``">="`` or ``"<="``."""

    @property
    def bound(self) -> float:
        """With what."""


def judged(
    condition: Comparison, estimate: "Estimate", *, at: str, objection: str = ""
) -> Verdict:
    """Compare the end of the interval that is against us.

    Args:
        condition: The condition, whose text is as it is typed.
        estimate: The quantity.
        at: Where it was looked at, in words.
        objection: Why the data do not bear it; such a condition is never met.

    Returns:
        The verdict.
    """
    above = condition.relation == ">="
    end, name = (estimate.low, "lower") if above else (estimate.high, "upper")
    short = condition.bound - end if above else end - condition.bound
    seen = (
        f"{condition.quantity} is {estimate} {at}, the {name} end of its "
        f"{100 * estimate.level:g}% interval {end:.6g}"
    )
    if objection:
        return Verdict(condition, met=False, line=f"{condition} not met: {objection}; {seen}")
    if short <= 0:
        return Verdict(condition, met=True, line=f"{condition} met: {seen}")
    return Verdict(condition, met=False, line=f"{condition} not met by {short:.3g}: {seen}")


def parse_requirement(text: str, *, quantities: Sequence[str], axis: str) -> Requirement:
    """Read one condition at a point of an axis.

    Args:
        text: The condition.
        quantities: What may be compared.
        axis: The axis of the command.

    Returns:
        The condition.

    Raises:
        ValueError: It is not one.

    Example:
        >>> print(parse_requirement("reward >= 0.4 @ kl=1", quantities=["reward"], axis="kl"))
        reward>=0.4@kl=1
    """
    example = f"{quantities[0]}>=0.4@{axis}=1"
    terms = terms_of(text, quantities=quantities, example=example)
    with suppress(ValueError):
        at = int(terms.at) if axis == "n" else float(terms.at)
        if at >= 0:
            return Requirement(terms.quantity, terms.relation, terms.bound, axis, at)
    raise refused(text, quantities=quantities, example=example)


FrontierRequirements = Annotated[
    tuple[Requirement, ...],
    conditions(partial(parse_requirement, quantities=["reward"], axis="kl")),
]
BestOfRequirements = Annotated[
    tuple[Requirement, ...],
    conditions(partial(parse_requirement, quantities=["reward", "kl"], axis="n")),
]
GoldRequirements = Annotated[
    tuple[Requirement, ...],
    conditions(partial(parse_requirement, quantities=["gold", "proxy", "kl"], axis="n")),
]
