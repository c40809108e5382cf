"""The frontier's mean reward with its interval."""

from dataclasses import replace

import numpy as np

from klimit.core.results import Estimate
from klimit.estimate.corrected import Corrected
from klimit.estimate.frontier.sums import Sums
from klimit.estimate.frontier.values import Values
from klimit.estimate.interval import interval
from klimit.estimate.uncertainty import units_of

__all__ = ["estimate_of"]


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
    low = min(found.low, found.value - values.downward)
    high = min(found.high, max(found.value, top))
    return replace(found, low=low, high=high)
