"""A number of one prompt's draws, and the same with each draw left out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.core.results import Result
from klimit.estimate.best_of.pools import WithinPrompts

__all__ = ["LeftOut", "corrected", "within_prompts"]


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut(Result):
    """A number of one prompt, whole and with each draw left out.

    Attributes:
        value: From all draws.
        left: With each draw left out, shape ``(m,)``; empty where that cannot be.
    """

    value: float
    left: Float64[np.ndarray, " m"]

    @property
    def variance(self) -> float:
        """Variance over the draws, by the jackknife; ``inf`` where no draw can be left out."""
        m = self.left.size
        return (m - 1) * float(self.left.var()) if m > 1 else np.inf

    @property
    def doubt(self) -> float:
        """Variance of that variance."""
        m = self.left.size
        squares = (self.left - self.left.mean()) ** 2 if m > 1 else np.full(1, np.inf)
        return (m - 1) ** 2 * float(squares.var()) / m if m > 1 else np.inf

    @property
    def third(self) -> float:
        """Third central moment over the draws; 0 where no draw can be left out."""
        m = self.left.size
        cubes = (self.left - self.left.mean()) ** 3 if m > 1 else np.zeros(1)
        return -((m - 1) ** 3) / m**2 * float(cubes.mean()) if m > 1 else 0.0

    def less(self, other: "LeftOut") -> "LeftOut":
        """The difference from another number of the same draws.

        Args:
            other: The other number.

        Returns:
            The difference.
        """
        return LeftOut(self.value - other.value, self.left - other.left)


def corrected(whole: float, left: Float64[np.ndarray, " m"]) -> LeftOut:
    """The number without its bias of order ``1/m``, and what each draw means to it.

    Args:
        whole: The number from all draws.
        left: The number with each draw left out, shape ``(m,)``.

    Returns:
        The corrected number; its error is taken to be that of the uncorrected one.

    Example:
        >>> round(corrected(1.0, np.array([1.1, 1.3])).value, 6)
        0.8
    """
    m = left.size
    value = whole if m < 2 else whole - (m - 1) * float((left - whole).mean())
    return LeftOut(value, left)


def within_prompts(numbers: Sequence[LeftOut]) -> WithinPrompts:
    """The numbers of all prompts together.

    Args:
        numbers: One a prompt.

    Returns:
        Values, with the moments of their errors.

    Example:
        >>> within_prompts([LeftOut(1.0, np.array([0.9, 1.1]))]).variances
        array([0.01])
    """
    return WithinPrompts(
        np.array([number.value for number in numbers]),
        np.array([number.variance for number in numbers]),
        np.array([number.doubt for number in numbers]),
        np.array([number.third for number in numbers]),
    )
