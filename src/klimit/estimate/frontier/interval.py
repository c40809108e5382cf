"""The frontier's mean reward with its interval."""

from dataclasses import replace

import numpy as np
from scipy.special import pdtrc

from klimit.core.results import Estimate
from klimit.estimate.corrected import Corrected
from klimit.estimate.frontier.sums import Sums
from klimit.estimate.frontier.values import Values
from klimit.estimate.interval import interval
from klimit.estimate.uncertainty import units_of

__all__ = ["estimate_of"]


def estimate_of(
    sums: Sums, values: Values, *, wider: float, prompts: str, level: float
) -> Estimate:
    """The mean of the frontier's rewards with its interval.

    Args:
        sums: Draws made ready.
        values: The frontier's rewards at a budget.
        wider: How many times as wide the interval is than what follows from the spread.
        prompts: ``"sampled"`` or ``"fixed"``.
        level: Nominal coverage, in (0, 1).

    Returns:
        The estimate.

    Raises:
        InsufficientDataError: One prompt, where prompts are sampled.
    """
    top = float(sums.best[:, 0].max())
    numbers = Corrected(
        values.rewards,
        values.variances,
        values.thirds,
        values.fourths,
        int(sums.counts.sum()),
        values.doubt,
        values.upward,
        values.overdone,
    )
    spread, method = numbers.spread(prompts), f"t, {units_of(prompts)}"
    if spread.stderr == 0 and values.carried.reached.any():
        # one more prompt, or draw, might differ by as much as any two draws do
        units = sums.counts.size if prompts == "sampled" else sums.counts.sum()
        reach = float(top - sums.lowest.min()) / (units + 1)
        spread = replace(spread, stderr=reach, freedom=np.inf)
    if values.carried.reached.all():
        method += ", at the best rewards seen"
    value, n = float(values.rewards.mean()), values.rewards.size
    found = interval(value, spread, level=level, n=n, method=method)
    low = min(value - wider * (value - found.low), value - values.downward)
    high = value + wider * (found.high - value)
    if prompts == "fixed" and values.carried.reached.all():
        high = max(high, value + _missed(sums, level=level))
    high = min(high, max(value, top))
    return replace(found, low=low, high=high)


def _missed(sums: Sums, *, level: float) -> float:
    """How far the mean of the best rewards may lie too low, where a prompt or two miss the top.

    They may have missed it by chance as long as no more do than would if all had it as often as
    those that show it; a spread within prompts does not tell.
    """
    best = sums.best[:, 0]
    short = best.max() - best
    missing = int((short > 0).sum())
    if not missing:
        return 0.0
    share = float((sums.tied / sums.counts)[short == 0].mean())
    expected = float(((1.0 - share) ** sums.counts).sum())
    by_chance = pdtrc(missing - 1, expected) > (1.0 - level) / 2
    return float(short.mean()) if by_chance else 0.0
