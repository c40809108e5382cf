"""One number a prompt with the bias of few draws removed, and what may be left of it.

For frontier and tilt. Numbers without bias (`WithinPrompts`) need no doubt about it, and their
draws tell more of their variance than the fourth powers that are at hand here.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64

from klimit.core.results import Estimate, Result
from klimit.estimate.interval import Spread, freedom_of, interval, skewness_of
from klimit.estimate.moves import moves_of_prompts, spread_of_moves
from klimit.estimate.uncertainty import units_of

__all__ = ["Corrected", "spread_of_draws"]


@dataclass(frozen=True, slots=True, eq=False)
class Corrected(Result):
    """One number a prompt, moments of its error over the draws, and the doubt about its bias.

    Attributes:
        values: One number a prompt, shape ``(p,)``.
        variances: Variances over the draws, shape ``(p,)``; ``inf`` where unknown.
        thirds: Sums of third powers of the draws' influences, shape ``(p,)``.
        fourths: Sums of their fourth powers, shape ``(p,)``.
        draws: Number of draws of all prompts.
        doubt: Standard error of the mean's bias that may be left, of either sign.
        upward: The same where the truth can only be higher.
        downward: The same where it can only be lower.
    """

    values: Float64[np.ndarray, " p"]
    variances: Float64[np.ndarray, " p"]
    thirds: Float64[np.ndarray, " p"]
    fourths: Float64[np.ndarray, " p"]
    draws: int
    doubt: float
    upward: float
    downward: float

    def less(self, other: "Corrected") -> "Corrected":
        """The difference from independent draws of the same prompts.

        Args:
            other: What is subtracted, prompt by prompt.

        Returns:
            The differences; their variances add.
        """
        return Corrected(
            self.values - other.values,
            self.variances + other.variances,
            self.thirds - other.thirds,
            self.fourths + other.fourths,
            self.draws + other.draws,
            float(np.hypot(self.doubt, other.doubt)),
            float(np.hypot(self.upward, other.downward)),
            float(np.hypot(self.downward, other.upward)),
        )

    def mean(self, *, prompts: str, level: float) -> Estimate:
        """The mean over prompts with its interval.

        Args:
            prompts: ``"sampled"`` or ``"fixed"``.
            level: Nominal coverage, in (0, 1).

        Returns:
            The estimate.

        Raises:
            InsufficientDataError: One prompt, where prompts are sampled.

        Example:
            >>> numbers = Corrected(np.arange(3.0), *np.ones((3, 3)), 9, 0.0, 0.0, 0.0)
            >>> str(numbers.mean(prompts="sampled", level=0.95))
            '1.00 ± 0.58'
        """
        spread, value = self.spread(prompts), float(self.values.mean())
        units = f"t, {units_of(prompts)}"
        return interval(value, spread, level=level, n=self.values.size, method=units)

    def spread(self, prompts: str) -> Spread:
        """How far the mean over prompts may be off.

        Args:
            prompts: ``"sampled"`` or ``"fixed"``.

        Returns:
            The spread, with the doubt about its bias.

        Raises:
            InsufficientDataError: One prompt, where prompts are sampled.
        """
        p = self.values.size
        if prompts == "sampled":
            moves = moves_of_prompts(self.values)
            spread = spread_of_moves([moves], units=p, most=p - 1.0)
        else:
            moments = (self.variances, self.thirds, self.fourths)
            spread = spread_of_draws(*moments, draws=self.draws)
        return replace(spread, doubt=self.doubt, upward=self.upward, downward=self.downward)


def spread_of_draws(
    variances: Float64[np.ndarray, " p"],
    thirds: Float64[np.ndarray, " p"],
    fourths: Float64[np.ndarray, " p"],
    *,
    draws: int,
) -> Spread:
    """The spread of a mean over prompts that comes from their draws alone.

    Args:
        variances: Variance of each prompt's number, shape ``(p,)``.
        thirds: Sums of third powers of the draws' influences on it, shape ``(p,)``.
        fourths: Sums of their fourth powers, shape ``(p,)``.
        draws: Number of draws.

    Returns:
        The spread of the mean.

    Example:
        >>> spread_of_draws(np.ones(4), np.zeros(4), np.ones(4) / 100, draws=400).stderr
        0.5
    """
    total, p = float(variances.sum()), variances.size
    if not np.isfinite(total) or total <= 0:
        return Spread(total**0.5 / p, np.inf, 0.0)
    freedom = freedom_of(float(fourths.sum()) / total / total, draws)
    return Spread(total**0.5 / p, freedom, skewness_of(float(thirds.sum()), total))
