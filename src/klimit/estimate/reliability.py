"""How far the draws bear a tilt: effective sample size and the tail of the weights."""

import numpy as np
from jaxtyping import Float64

from klimit.estimate.draws import Draws
from klimit.estimate.values import Values

__all__ = ["frontier_objection", "mean_tail_shape", "objection", "tail_shape"]

LEAST_ESS = 10.0  # for averages under a tilt, whose bias is not extrapolated
_LEAST_FRONTIER_ESS = 4.0
_LEAST_DECAY = 0.6  # of the bias with the number of draws: 1 for light tails
_LEAST_BEST = 5.0  # draws a prompt that share the best reward, for it to count as the ceiling
_LEAST_SPLIT = 8  # draws of a prompt, for halves and quarters of them to tell anything


def tail_shape(rewards: Float64[np.ndarray, " m"], *, beta: float) -> float:
    """Pareto shape of the largest weights ``exp(beta r)`` of one prompt.

    Args:
        rewards: Rewards of one prompt's draws, shape ``(m,)``.
        beta: Inverse temperature, the factor on the reward.

    Returns:
        The shape; -1 where the largest weights are tied, so bounded, and ``inf`` where too few
        draws tell it.

    Example:
        >>> tail_shape(np.zeros(8), beta=1.0)
        -1.0
    """
    size = int(min(0.2 * rewards.size, 3 * rewards.size**0.5)) + 1
    top = np.sort(rewards)[-size:]
    if top[-1] == top[0]:
        return -1.0
    if np.isinf(beta) or size < 5:
        return float("inf")
    excess = beta * (top[1:] - top[0])
    first, second = float(excess.mean()), float((excess**2).mean())
    if second - first**2 <= 0:
        return -1.0
    return max(-1.0, first + 1.0 - 0.5 / (1.0 - first**2 / second))


def mean_tail_shape(draws: Draws, *, beta: float) -> float:
    """The tail shape of the weights, averaged over prompts.

    Args:
        draws: Draws of the reference policy.
        beta: Inverse temperature, the factor on the reward.

    Returns:
        The mean of the prompts' shapes.

    Example:
        >>> mean_tail_shape(Draws.from_matrix([[0.0] * 30]), beta=1.0)
        -1.0
    """
    blocks = np.split(draws.rewards, draws.offsets[1:-1])
    return float(np.mean([tail_shape(block, beta=beta) for block in blocks]))


def objection(draws: Draws, *, ess: float) -> str:
    """Why the data do not bear an average with this effective sample size.

    Args:
        draws: Draws of the reference policy.
        ess: Effective number of draws a prompt.

    Returns:
        The reason in words, empty where they do.

    Example:
        >>> objection(Draws.from_matrix([[0.0, 1.0]]), ess=1.2)
        'effective sample size 1.2 of 2'
    """
    return _few(draws, ess) if ess < LEAST_ESS else ""


def frontier_objection(draws: Draws, values: Values, *, kl: float, own: bool) -> str:
    """Why the data do not bear the frontier at a budget.

    Args:
        draws: Draws of the reference policy.
        values: The frontier's rewards at the budget.
        kl: The budget, in nats.
        own: Whether every prompt has the budget for itself.

    Returns:
        The reason in words, empty where they do.
    """
    if kl == 0:
        return ""
    if reason := _shortage(draws, own=own):
        return reason
    if values.reached.all() and values.ess < _LEAST_BEST:
        return f"the budget reaches the best draws seen, {values.ess:.1f} a prompt"
    if values.ess < _LEAST_FRONTIER_ESS:
        return _few(draws, values.ess)
    if values.decay < _LEAST_DECAY:
        decay = max(values.decay, 0.0)
        return f"a few draws decide: m times as many would cut the bias by m^{decay:.2f} only"
    return ""


def _shortage(draws: Draws, *, own: bool) -> str:
    counts, total = draws.counts, len(draws.prompts)
    if np.ptp(draws.rewards) == 0:
        return "all draws have the same reward: they tell of no other"
    if counts.min() == 1:
        return f"{int((counts == 1).sum())} of {total} prompts have a single draw"
    if own and counts.min() < _LEAST_SPLIT:
        few = int((counts < _LEAST_SPLIT).sum())
        return f"{few} of {total} prompts have fewer than {_LEAST_SPLIT} draws"
    return ""


def _few(draws: Draws, ess: float) -> str:
    return f"effective sample size {ess:.1f} of {float(draws.counts.mean()):.0f}"
