"""From tokens to money and time."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.core.results import Estimate, Result

__all__ = ["Prices", "scaled"]


@dataclass(frozen=True, slots=True)
class Prices(Result):
    """What tokens cost.

    Attributes:
        per_million: Money for a million tokens; ``None`` where not given.
        per_second: Tokens generated in a second; ``None`` where not given.
    """

    per_million: float | None
    per_second: float | None

    @classmethod
    def of(
        cls,
        per_million: float | None,
        per_second: float | None,
        *,
        tokens: Float64[np.ndarray, " n"] | None,
    ) -> "Prices":
        """Prices, checked.

        Args:
            per_million: Money for a million tokens, positive, or ``None``.
            per_second: Tokens in a second, positive, or ``None``.
            tokens: Tokens of every draw, ``None`` where unknown.

        Returns:
            The prices.

        Raises:
            InputError: One is not positive, or is given where the length of draws is unknown.
        """
        given = {"price_per_million_tokens": per_million, "tokens_per_second": per_second}
        for name, value in given.items():
            if value is None:
                continue
            if not 0 < value < np.inf:
                raise InputError(f"{name} must be positive and finite, got {value}")
            if tokens is None:
                raise InputError(
                    f"{name} needs the length of draws: a column tokens, or their mean number "
                    "as tokens"
                )
        return cls(per_million, per_second)

    def money(self, tokens: Estimate | None) -> Estimate | None:
        """Money for so many tokens; ``None`` where either is not known."""
        if tokens is None or self.per_million is None:
            return None
        return scaled(tokens, self.per_million / 1e6)

    def time(self, tokens: Estimate | None) -> Estimate | None:
        """Seconds for so many tokens; ``None`` where either is not known."""
        if tokens is None or self.per_second is None:
            return None
        return scaled(tokens, 1.0 / self.per_second)


def scaled(estimate: Estimate, factor: float) -> Estimate:
    """A positive multiple of an estimate.

    Args:
        estimate: The estimate.
        factor: A positive number.

    Returns:
        The multiple, its interval with it.

    Example:
        >>> print(scaled(Estimate(2.0, 0.1, 1.8, 2.2, 0.95, 9, "t"), 10.0))
        20.0 ± 1.0
    """
    return replace(
        estimate,
        value=factor * estimate.value,
        standard_error=factor * estimate.standard_error,
        low=factor * estimate.low,
        high=factor * estimate.high,
    )
