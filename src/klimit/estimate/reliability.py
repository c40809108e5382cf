"""How far the draws bear a tilt: effective sample size and the tail of the weights."""

import numpy as np
from jaxtyping import Float64

from klimit.estimate.draws import Draws

__all__ = ["mean_tail_shape", "objection", "tail_shape"]

LEAST_ESS = 10.0


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
    """Why the data do not bear an estimate with this effective sample size.

    Args:
        draws: Draws of the reference policy.
        ess: Effective number of draws a prompt.

    Returns:
        The reason in words, empty where they do.

    Example:
        >>> objection(Draws.from_matrix([[0.0, 1.0]]), ess=1.2)
        'effective sample size 1.2 of 2'
    """
    typical = float(draws.counts.mean())
    if ess < LEAST_ESS:
        return f"effective sample size {ess:.1f} of {typical:.0f}"
    return ""
