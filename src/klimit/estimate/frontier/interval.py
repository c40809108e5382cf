"""Intervals for the mean of numbers that are few, skewed or heavy-tailed."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64
from scipy.special import stdtrit

from klimit.core.errors import InsufficientDataError
from klimit.core.results import Estimate
from klimit.estimate.frontier.sums import Sums
from klimit.estimate.frontier.values import Values

__all__ = ["Spread", "estimate_of", "interval", "spread_of_draws", "spread_of_prompts"]


@dataclass(frozen=True, slots=True)
class Spread:
    """How far an average may be off.

    Attributes:
        stderr: Its standard error.
        freedom: Degrees of freedom of that error: what a normal sample whose variance is as
            uncertain would have.
        skewness: Skewness of the average.
        doubt: Standard error of a bias that may remain, of either sign.
        upward: Standard error of a bias that can only be downward.
    """

    stderr: float
    freedom: float
    skewness: float
    doubt: float = 0.0
    upward: float = 0.0


def spread_of_prompts(values: Float64[np.ndarray, " p"]) -> Spread:
    """The spread of a mean over prompts that were drawn from a population.

    Args:
        values: A number a prompt, shape ``(p,)``.

    Returns:
        The spread of their mean.

    Raises:
        InsufficientDataError: There is one prompt.

    Example:
        >>> spread_of_prompts(np.array([0.0, 1.0, 2.0])).stderr.__round__(3)
        0.577
    """
    p = values.size
    if p < 2:
        raise InsufficientDataError(
            "an interval for the population of prompts needs 2 prompts, got 1; "
            'draw from more, or ask for these alone with prompts="fixed"'
        )
    centred = values - values.mean()
    square = float((centred**2).sum())
    if square == 0:
        return Spread(0.0, p - 1.0, 0.0)
    fourth = float((centred**4).sum()) / square**2
    third = float((centred**3).sum()) / square**1.5
    return Spread((square / (p - 1) / p) ** 0.5, min(p - 1.0, _freedom(fourth, p)), third)


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
    freedom = _freedom(float(fourths.sum()) / total**2, draws)
    return Spread(total**0.5 / p, freedom, float(thirds.sum()) / total**1.5)


def _freedom(fourth: float, n: int) -> float:
    """Degrees of freedom from the fourth power sum, relative to the squared second."""
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
    quantile = float(stdtrit(min(spread.freedom, 1e9), 0.5 + level / 2))
    normal = float(stdtrit(1e9, 0.5 + level / 2))
    down = _untransformed(quantile, spread.skewness) * spread.stderr
    up = -_untransformed(-quantile, spread.skewness) * spread.stderr
    low = value - float(np.hypot(down, normal * spread.doubt))
    high = value + float(np.hypot(up, normal * max(spread.doubt, spread.upward)))
    stderr = float(np.hypot(spread.stderr, spread.doubt))
    return Estimate(value, stderr, low, high, level, n, method)


def _untransformed(quantile: float, skewness: float) -> float:
    """The Studentised value whose transform, free of skewness, is ``quantile``."""
    s = float(np.clip(skewness, -1.5, 1.5))
    if abs(s) < 1e-9:
        return quantile
    return 3 / s * (float(np.cbrt(1 + s * (quantile - s / 6))) - 1)


def estimate_of(sums: Sums, values: Values, *, prompts: str, level: float) -> Estimate:
    """The mean of the frontier's rewards with its interval.

    Args:
        sums: Draws made ready.
        values: The frontier's rewards at a budget.
        prompts: ``"sampled"`` or ``"fixed"``.
        level: Nominal coverage, in (0, 1).

    Returns:
        The estimate.

    Raises:
        InsufficientDataError: One prompt, where prompts are sampled.
    """
    top = float(sums.best[:, 0].max())
    if prompts == "sampled":
        spread, method = spread_of_prompts(values.rewards), "t, clustered by prompt"
    else:
        moments = (values.variances, values.thirds, values.fourths)
        spread = spread_of_draws(*moments, draws=int(sums.counts.sum()))
        method = "t, draws within prompts"
    if spread.stderr == 0 and values.reached.any():
        # one more prompt, or draw, might differ by as much as any two draws do
        units = sums.counts.size if prompts == "sampled" else sums.counts.sum()
        spread = Spread(float(top - sums.lowest.min()) / (units + 1), np.inf, 0.0)
    if values.reached.all():
        method += ", at the best rewards seen"
    spread = replace(spread, doubt=values.doubt, upward=values.upward)
    value, n = float(values.rewards.mean()), values.rewards.size
    found = interval(value, spread, level=level, n=n, method=method)
    low = min(found.low, found.value - values.downward)
    high = min(found.high, max(found.value, top))
    return replace(found, low=low, high=high)
