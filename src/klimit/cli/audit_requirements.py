"""Conditions that an audited policy must meet, such as ``efficiency>=0.8``."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from klimit.cli.conditions import conditions, terms_of
from klimit.cli.requirements import Verdict, judged

if TYPE_CHECKING:
    from klimit import Audit, AuditedPoint

__all__ = ["AuditRequirement", "parse_audit_requirement"]

_OF_EXCESS = ("excess_kl",)
_OF_POLICY = ("kl", "reward", "gain")
_OF_FRONTIER = ("efficiency", "reward_gap", "divergence")


@dataclass(frozen=True, slots=True)
class AuditRequirement:
    """One condition on the numbers of an audit.

    Attributes:
        quantity: What is compared.
        relation: ``">="`` or ``"<="``.
        bound: With what.
    """

    quantity: str
    relation: str
    bound: float

    def __str__(self) -> str:
        """The condition as it is typed."""
        return f"{self.quantity}{self.relation}{self.bound:g}"

    def met_by(self, found: "Audit | AuditedPoint") -> Verdict:
        """Compare the end of the interval that is against us, so that luck does not pass.

        Args:
            found: The audit, or one of many points.

        Returns:
            The verdict; numbers that the draws do not bear never pass.
        """
        name = "mean_reward" if self.quantity == "reward" else self.quantity
        value = getattr(found, name, None)
        if value is None:
            why = f"the {self.quantity} of points is not told"
            return Verdict(self, met=False, line=f"{self} not met: {why}")
        if isinstance(value, float):
            return self._as_given(value)
        return judged(
            self, value, at=f"over {value.n} prompts", objection=self._objection(found)
        )

    def _as_given(self, value: float) -> Verdict:
        """A point's own numbers are taken as they are."""
        short = self.bound - value if self.relation == ">=" else value - self.bound
        seen = f"{self.quantity} is {value:.6g}"
        if short <= 0:
            return Verdict(self, met=True, line=f"{self} met: {seen}")
        return Verdict(self, met=False, line=f"{self} not met by {short:.3g}: {seen}")

    def _objection(self, found: "Audit | AuditedPoint") -> str:
        reason = found.excess_reason if self.quantity in _OF_EXCESS else found.reason
        if self.quantity in _OF_POLICY:
            reason = getattr(found, "policy_reason", "")
        return reason and f"the data do not support it, {reason}"


def parse_audit_requirement(text: str) -> AuditRequirement:
    """Read one condition, strictly.

    Args:
        text: The condition.

    Returns:
        The condition.

    Raises:
        ValueError: It is not one.

    Example:
        >>> print(parse_audit_requirement("efficiency >= 0.8"))
        efficiency>=0.8
    """
    terms = terms_of(
        text,
        quantities=(*_OF_FRONTIER, *_OF_EXCESS, *_OF_POLICY),
        example="efficiency>=0.8",
    )
    return AuditRequirement(terms.quantity, terms.relation, terms.bound)


AuditRequirements = Annotated[tuple[AuditRequirement, ...], conditions(parse_audit_requirement)]
