"""The frontier's mean reward with its interval."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float64

from klimit.core.results import Estimate
from klimit.estimate.frontier.sums import Sums
from klimit.estimate.frontier.values import Values
from klimit.estimate.interval import Spread, freedom_of, interval
from klimit.estimate.moves import moves_of_prompts, spread_of_moves
from klimit.estimate.uncertainty import units_of

__all__ = ["estimate_of", "spread_of_draws"]


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
    freedom = freedom_of(float(fourths.sum()) / total**2, draws)
    return Spread(total**0.5 / p, freedom, float(thirds.sum()) / total**1.5)


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
        moves = moves_of_prompts(values.rewards)
        spread = spread_of_moves([moves], units=moves.size, most=moves.size - 1.0)
    else:
        moments = (values.variances, values.thirds, values.fourths)
        spread = spread_of_draws(*moments, draws=int(sums.counts.sum()))
    method = f"t, {units_of(prompts)}"
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
