"""One number a prompt with what its draws say of its error, and their mean over prompts.

For numbers without bias, as best-of-N's: how unsure each variance is tells the degrees of
freedom, and the interval is never shorter than the symmetric one. Numbers whose bias was
extrapolated away (frontier, tilt) carry a doubt about it instead (`Corrected`).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from klimit.core.results import Estimate, Result
from klimit.estimate.interval import skewness_of, untransformed
from klimit.estimate.uncertainty import require_several_prompts, student_quantile, units_of

__all__ = ["WithinPrompts", "skewed_interval"]


@dataclass(frozen=True, slots=True, eq=False)
class WithinPrompts(Result):
    """One number a prompt, with moments of its error over the draws.

    Attributes:
        values: One number a prompt, shape ``(p,)``.
        variances: Their variances over the draws, shape ``(p,)``; ``inf`` where unknown.
        doubts: Variances of the variances, shape ``(p,)``.
        thirds: Third central moments over the draws, shape ``(p,)``; none if symmetric.
        bias: What may be left of their bias, either way, shape ``(p,)``; none if unbiased.
    """

    values: Float64[np.ndarray, " p"]
    variances: Float64[np.ndarray, " p"]
    doubts: Float64[np.ndarray, " p"]
    thirds: Float64[np.ndarray, " p"] | None = None
    bias: Float64[np.ndarray, " p"] | None = None

    @classmethod
    def jackknifed(
        cls, values: Float64[np.ndarray, " q"], left_out: Float64[np.ndarray, "q m"]
    ) -> "WithinPrompts":
        """Moments from each number's values with one of ``m`` draws left out.

        Args:
            values: One number a prompt, shape ``(q,)``.
            left_out: Its values with each draw left out, up to a constant, shape ``(q, m)``.

        Returns:
            The numbers with their moments.
        """
        m = left_out.shape[1]
        if m == 2:  # two draws' squares are equal and hide how unsure their variance is
            gap = left_out - left_out.mean(axis=1, keepdims=True)
            variance = (gap**2).mean(axis=1)
            return cls(values, variance, 2 / 3 * variance**2, np.zeros_like(variance))
        gap = left_out - left_out.mean(axis=1, keepdims=True)
        squares = gap**2
        return cls(
            values,
            (m - 1) * squares.mean(axis=1),
            (m - 1) ** 2 / m * squares.var(axis=1),
            -((m - 1) ** 3) / m**2 * (squares * gap).mean(axis=1),
        )

    def only(self, prompts: Bool[np.ndarray, " p"]) -> "WithinPrompts":
        """Some of the prompts.

        Args:
            prompts: Which, shape ``(p,)``.

        Returns:
            Their numbers.
        """
        return WithinPrompts(
            self.values[prompts],
            self.variances[prompts],
            self.doubts[prompts],
            None if self.thirds is None else self.thirds[prompts],
            None if self.bias is None else self.bias[prompts],
        )

    def less(self, other: "WithinPrompts") -> "WithinPrompts":
        """The difference from independent draws of the same prompts.

        Args:
            other: What is subtracted, prompt by prompt.

        Returns:
            The differences; their variances add.
        """
        return WithinPrompts(
            self.values - other.values,
            self.variances + other.variances,
            self.doubts + other.doubts,
            _or_zero(self, self.thirds) - _or_zero(other, other.thirds),
            np.abs(_or_zero(self, self.bias)) + np.abs(_or_zero(other, other.bias)),
        )

    @property
    def left_bias(self) -> float:
        """What may be left of the bias of the mean, either way."""
        return abs(float(_or_zero(self, self.bias).mean()))

    def skewness(self, *, prompts: str) -> float:
        """Skewness of the mean: near 1 where one prompt or draw decides, 0 for many alike.

        Args:
            prompts: ``"sampled"`` or ``"fixed"``.

        Returns:
            The skewness; 0 where nothing varies or is unknown.
        """
        if prompts == "sampled":
            gap = self.values - self.values.mean()
            square = gap * gap  # a general power is much slower
            third, variance = float((square * gap).sum()), float(square.sum())
        else:
            third = float(_or_zero(self, self.thirds).sum())
            variance = float(self.variances.sum())
        return skewness_of(third, variance)

    def mean(self, *, prompts: str, level: float) -> Estimate:
        """The mean over prompts with its interval.

        Sampled prompts: their spread is the error and holds that within prompts. Fixed ones:
        the error comes from the draws alone, with degrees of freedom after Satterthwaite. What
        may be left of a bias widens the interval.

        Args:
            prompts: ``"sampled"`` or ``"fixed"``.
            level: Nominal coverage, in (0, 1).

        Returns:
            The estimate.

        Raises:
            InsufficientDataError: One prompt, where prompts are sampled.

        Example:
            >>> numbers = WithinPrompts(np.arange(3.0), *np.ones((3, 3)))
            >>> str(numbers.mean(prompts="sampled", level=0.95))
            '1.00 ± 0.58'
        """
        p = self.values.size
        if prompts == "sampled":
            require_several_prompts(p)
            stderr, freedom = float(self.values.std(ddof=1)) / p**0.5, p - 1.0
        else:
            total, doubt = float(self.variances.sum()), float(self.doubts.sum())
            stderr = total**0.5 / p
            freedom = max(1.0, 2 * total**2 / doubt) if 0 < doubt < np.inf else np.inf
        value = float(self.values.mean())
        quantile = student_quantile(freedom, level)
        below, above = skewed_interval(quantile, self.skewness(prompts=prompts))
        return Estimate(
            value,
            stderr,
            value - below * stderr - self.left_bias,
            value + above * stderr + self.left_bias,
            level,
            p,
            f"t widened for skewness, {units_of(prompts)}",
        )


def skewed_interval(quantile: float, skewness: float) -> tuple[float, float]:
    """How many standard errors an interval reaches down and up.

    Hall's transformation of the studentised mean (`untransformed`), joined with the symmetric
    interval.

    Args:
        quantile: Quantile of Student's law, at least 0.
        skewness: Skewness of the mean, ``lambda``: that of one value over the root of their
            number.

    Returns:
        Two numbers, each at least ``quantile``.

    Example:
        >>> [round(reach, 3) for reach in skewed_interval(2.0, 0.2)]
        [2.0, 2.396]
    """
    lower, upper = untransformed(quantile, skewness), -untransformed(-quantile, skewness)
    return max(quantile, lower), max(quantile, upper)


def _or_zero(
    numbers: WithinPrompts, moments: Float64[np.ndarray, " p"] | None
) -> Float64[np.ndarray, " p"]:
    return np.zeros_like(numbers.values) if moments is None else moments
