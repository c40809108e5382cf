"""Intervals for the mean of numbers that are few, skewed or heavy-tailed."""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from klimit.core.results import Estimate
from klimit.estimate.uncertainty import student_quantile

__all__ = ["Spread", "freedom_of", "interval"]


@dataclass(frozen=True, slots=True)
class Spread:
    """How far an average may be off.

    Attributes:
        stderr: Its standard error.
        freedom: Degrees of freedom of that error: what a normal sample whose variance is as
            uncertain would have.
        skewness: Skewness of the average.
        doubt: Standard error of a bias that may remain, of either sign.
        upward: Standard error of a bias that can only be downward, so that the truth is higher.
        downward: The same of a bias that can only be upward.
    """

    stderr: float
    freedom: float
    skewness: float
    doubt: float = 0.0
    upward: float = 0.0
    downward: float = 0.0


def freedom_of(fourth: float, n: int) -> float:
    """Degrees of freedom of an error: those of a normal sample whose variance is as uncertain.

    Args:
        fourth: Sum of the fourth powers of what the units carry, over the square of the sum of
            their squares.
        n: Number of units.

    Returns:
        At least 1.

    Example:
        >>> freedom_of(0.75, 4)
        4.0
    """
    return max(1.0, 2.0 / max(fourth - 1.0 / n, 1e-9))


def interval(value: float, spread: Spread, *, level: float, n: int, method: str) -> Estimate:
    """An estimate with its interval.

    The interval leans to where the skewness of the average says that the truth lies (Hall's
    transformation), and holds a doubt about the value that no spread shows.

    Args:
        value: The point estimate.
        spread: Its spread.
        level: Nominal coverage, in (0, 1).
        n: Number of independent units.
        method: How the interval was made.

    Returns:
        The estimate.

    Example:
        >>> spread = Spread(0.5, np.inf, 0.0)
        >>> interval(1.0, spread, level=0.95, n=9, method="t").low.__round__(4)
        0.02

    References:
        Hall (1992), On the removal of skewness by transformation.
    """
    quantile = student_quantile(spread.freedom, level)
    normal = float(stdtrit(1e9, 0.5 + level / 2))
    down = _untransformed(quantile, spread.skewness) * spread.stderr
    up = -_untransformed(-quantile, spread.skewness) * spread.stderr
    low = value - float(np.hypot(down, normal * max(spread.doubt, spread.downward)))
    high = value + float(np.hypot(up, normal * max(spread.doubt, spread.upward)))
    stderr = float(np.hypot(spread.stderr, spread.doubt))
    return Estimate(value, stderr, low, high, level, n, method)


def _untransformed(quantile: float, skewness: float) -> float:
    """The Studentised value whose transform, free of skewness, is ``quantile``."""
    s = float(np.clip(skewness, -1.5, 1.5))
    if abs(s) < 1e-9:
        return quantile
    return 3 / s * (float(np.cbrt(1 + s * (quantile - s / 6))) - 1)
