"""``--require`` of ``klimit plan``: conditions on one of its methods."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from klimit.cli.conditions import conditions, terms_of
from klimit.cli.requirements import Verdict, judged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from klimit import Estimate, PlanOption

__all__ = ["PlanRequirement", "parse_plan_requirement"]

_QUANTITIES = ("reward", "kl", "draws", "tokens", "price", "seconds")


@dataclass(frozen=True, slots=True)
class PlanRequirement:
    """One condition, such as ``draws<=8@method=best-of-n``.

    Attributes:
        quantity: What is compared.
        relation: ``">="`` or ``"<="``.
        bound: With what.
        method: Of which method.
    """

    quantity: str
    relation: str
    bound: float
    method: str

    def __str__(self) -> str:
        """The condition as it is typed."""
        return f"{self.quantity}{self.relation}{self.bound:g}@method={self.method}"

    def judge(self, options: "Sequence[PlanOption]") -> Verdict:
        """Compare the end of the interval that is against us, so that luck does not pass.

        Args:
            options: The options of a plan.

        Returns:
            The verdict: never met where the target is not reached or the draws do not bear the
            prediction.
        """
        option = next((one for one in options if one.method == self.method), None)
        if option is None:
            known = ", ".join(one.method for one in options)
            return Verdict(self, met=False, line=f"{self} not met: the methods are {known}")
        estimate: Estimate | None = getattr(option, self.quantity)
        if estimate is None:
            return Verdict(self, met=False, line=f"{self} not met: {self.quantity} not known")
        return judged(self, estimate, at=f"with {self.method}", objection=option.reason)


def parse_plan_requirement(text: str) -> PlanRequirement:
    """Read one condition, strictly.

    Args:
        text: The condition.

    Returns:
        The condition.

    Raises:
        ValueError: It is not one.

    Example:
        >>> print(parse_plan_requirement("draws <= 8 @ method=best-of-n"))
        draws<=8@method=best-of-n
    """
    example = "draws<=8@method=best-of-n"
    terms = terms_of(text, quantities=_QUANTITIES, example=example)
    return PlanRequirement(terms.quantity, terms.relation, terms.bound, terms.at)


PlanRequirements = Annotated[tuple[PlanRequirement, ...], conditions(parse_plan_requirement)]
