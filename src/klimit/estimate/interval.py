"""Intervals for the mean of numbers that are few, skewed or heavy-tailed."""

from dataclasses import dataclass
from math import expm1, log1p

import numpy as np
from scipy.special import stdtrit

from klimit.core.results import Estimate
from klimit.estimate.uncertainty import student_quantile

__all__ = ["Spread", "freedom_of", "interval", "skewness_of", "untransformed"]


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


def skewness_of(third: float, square: float) -> float:
    """Skewness of a sum of what units carry, right for any scale of it.

    Args:
        third: Sum of the third powers of what the units carry.
        square: Sum of their squares.

    Returns:
        The skewness; 0 where nothing varies or how much is unknown.

    Example:
        >>> skewness_of(8.0, 4.0)
        1.0
    """
    return third / square / square**0.5 if 0 < square < np.inf else 0.0


def interval(value: float, spread: Spread, *, level: float, n: int, method: str) -> Estimate:
    """An estimate with its interval.

    The interval leans to where the skewness of the average says that the truth lies
    (`untransformed`), and holds a doubt about the value that no spread shows.

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
    """
    quantile = student_quantile(spread.freedom, level)
    normal = float(stdtrit(1e9, 0.5 + level / 2))
    skewness = float(np.clip(spread.skewness, -1.5, 1.5))
    down = untransformed(quantile, skewness) * spread.stderr
    up = -untransformed(-quantile, skewness) * spread.stderr
    low = value - float(np.hypot(down, normal * max(spread.doubt, spread.downward)))
    high = value + float(np.hypot(up, normal * max(spread.doubt, spread.upward)))
    stderr = float(np.hypot(spread.stderr, spread.doubt))
    return Estimate(value, stderr, low, high, level, n, method)


def untransformed(quantile: float, skewness: float) -> float:
    r"""The Studentised value whose transform, free of skewness, is a quantile.

    .. math:: g^{-1}(q) = \frac{3}{\lambda}
        \left\{ [1 + \lambda (q - \lambda / 6)]^{1/3} - 1 \right\}

    Args:
        quantile: Quantile of Student's law.
        skewness: Skewness of the mean, ``lambda``: that of one value over the root of their
            number.

    Returns:
        The value, in standard errors.

    Example:
        >>> round(untransformed(2.0, 0.2), 3), round(untransformed(-2.0, 0.2), 3)
        (1.754, -2.396)

    References:
        Hall (1992), On the removal of skewness by transformation.
    """
    if abs(skewness) < 1e-300:
        return quantile
    bent = skewness * (quantile - skewness / 6)
    root_less_one = float(np.cbrt(1 + bent)) - 1 if bent < -0.5 else expm1(log1p(bent) / 3)
    return 3 / skewness * root_less_one
