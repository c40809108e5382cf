"""The inverse temperature of each prompt that spends a KL budget."""

import numpy as np
from jaxtyping import Float64

from klimit.estimate.frontier.sums import Sums

__all__ = ["own_betas"]

_ITERATIONS = 400  # at most: a step moves by four times, and may have far to go
_TOLERANCE = 1e-7  # the reward is flat in beta, so that this leaves it right to 1e-14


def own_betas(
    sums: Sums, *, kl: float, start: Float64[np.ndarray, " p"]
) -> Float64[np.ndarray, " p"]:
    """The beta at which each prompt's own draws spend the budget.

    Args:
        sums: Draws made ready.
        kl: Budget of every prompt, in nats, positive.
        start: Where to begin, positive, shape ``(p,)``.

    Returns:
        The betas, ``inf`` where the best draws of a prompt are reached, shape ``(p,)``.
    """
    reached = np.log(sums.counts / sums.tied) <= kl
    beta = np.where(reached, 1.0, start)
    low, high = np.zeros(beta.size), np.full(beta.size, np.inf)
    for _ in range(_ITERATIONS):  # pragma: no branch  (all settle before)
        tilt = sums.at(beta)
        spent = np.maximum(tilt.kl, 0.0)
        low, high = np.where(spent < kl, beta, low), np.where(spent < kl, high, beta)
        # the root of the KL is nearly linear in beta
        slope = beta * tilt.variance / (2 * np.sqrt(np.maximum(spent, 1e-300)))
        step = (kl**0.5 - np.sqrt(spent)) / np.maximum(slope, 1e-300)
        moved = np.clip(beta + step, beta / 4, 4 * beta)
        inside = (moved > low) & (moved < high)
        halved = np.where(np.isinf(high), 4 * beta, np.sqrt(np.maximum(low, high / 16) * high))
        new = np.where(reached, beta, np.where(inside, moved, halved))
        settled = np.abs(new - beta) <= _TOLERANCE * beta
        beta = new
        if settled.all():
            break
    return np.where(reached, np.inf, beta)
