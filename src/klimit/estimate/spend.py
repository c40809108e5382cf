"""The inverse temperatures that spend a KL budget: one for all prompts, or one for each."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.estimate.jackknife import jackknife
from klimit.estimate.sums import Sums

__all__ = ["PooledSpending", "own_betas", "pooled_spending"]

_RATIO = 1.25  # of neighbouring betas in the table of the pooled spending
_MARGIN = 2  # betas tabulated beyond those needed, for slopes from both sides
_NODES = 160
_ITERATIONS = 60
_TOLERANCE = 1e-7  # the reward is flat in beta, so that this leaves it right to 1e-14
_SETTLED = 1e-6  # of the ceiling: closer to it no larger beta is tabulated


@dataclass(frozen=True, slots=True, eq=False)
class PooledSpending:
    """The KL that all prompts spend on average at a common beta, its bias removed.

    Attributes:
        log_beta: Logarithms of rising betas, shape ``(g,)``.
        kl: The average KL at each, in nats, rising, shape ``(g,)``.
        added: What removing the bias adds to the KL of the draws themselves, shape ``(g,)``.
    """

    log_beta: Float64[np.ndarray, " g"]
    kl: Float64[np.ndarray, " g"]
    added: Float64[np.ndarray, " g"]

    def beta(self, kl: float) -> float:
        """The beta that spends about ``kl``, which lies within the table."""
        return float(np.exp(np.interp(kl**0.5, self.kl**0.5, self.log_beta)))

    def corrected(self, kl: float, *, at: float) -> float:
        """The KL without its bias, from that of the draws themselves at a beta."""
        return kl + float(np.interp(np.log(at), self.log_beta, self.added))


def pooled_spending(sums: Sums, *, smallest: float, largest: float) -> PooledSpending:
    """Tabulate the average KL from below the smallest budget to above the largest.

    Args:
        sums: Draws made ready.
        smallest: The smallest positive budget, in nats.
        largest: The largest budget below the ceiling, in nats.

    Returns:
        The table.
    """
    p = sums.counts.size
    spread = float(sums.at(np.zeros(p)).variance.mean())
    ceiling = float(np.log(sums.counts / sums.tied).mean())
    # powers of one ratio, whatever the budgets, so that no budget's answer depends on others
    first = int(np.floor(np.log((smallest / 2) ** 0.5) / np.log(_RATIO))) - _MARGIN
    rows: list[tuple[float, float, float]] = []
    beyond = 0
    while beyond < _MARGIN and len(rows) < _NODES:
        log_beta = (first + len(rows)) * np.log(_RATIO) - np.log(spread) / 2
        tilt = sums.at(np.full(p, np.exp(log_beta)))
        bias = jackknife(tilt, counts=sums.counts, best=sums.best).bias
        plain = float(tilt.kl.mean())
        rows.append((log_beta, plain, float(bias.mean())))
        beyond += plain > 1.3 * largest
        if plain > (1 - _SETTLED) * ceiling:
            break
    log_betas, kl, biases = np.array(rows).T
    slope = np.gradient(biases, log_betas)
    rising = np.maximum.accumulate(np.maximum(kl + slope - biases, 0.0))
    return PooledSpending(log_betas, rising, slope - biases)


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
    for _ in range(_ITERATIONS):
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
