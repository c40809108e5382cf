"""The frontier of one budget for all prompts on average, spent at one common beta."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.estimate.frontier.extrapolation import Extrapolated, extrapolated, widening
from klimit.estimate.frontier.spend import Node, Spending, tabulated_spending
from klimit.estimate.frontier.sums import Sums, TiltSums
from klimit.estimate.frontier.tails import tail_decay
from klimit.estimate.frontier.values import (
    LEAST_KL,
    Carried,
    Values,
    ceilings,
    values_at_ceiling,
    values_at_zero,
    values_near_zero,
)

__all__ = ["PooledFrontier", "pooled_frontier"]

_TWO_SIGMA = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class PooledFrontier:
    """Draws made ready for pooled budgets.

    Attributes:
        sums: Sums over the draws.
        plain: The same under no tilt.
        spending: The KL spent at each beta, tabulated; ``None`` where no budget is inside.
        ceilings: The ceiling of every prompt, in nats, shape ``(p,)``.
        ceiling_kl: The average KL at which the reward can rise no further, in nats.
        prompts: ``"sampled"`` or ``"fixed"``.
        known: The beta that spends a budget and the cgf of every prompt at it, for each budget
            for which they were taken beforehand.
    """

    sums: Sums
    plain: TiltSums
    spending: Spending | None
    ceilings: Float64[np.ndarray, " p"]
    ceiling_kl: float
    prompts: str
    known: Mapping[float, tuple[float, Float64[np.ndarray, " p"]]]

    def values(self, kl: float) -> Values:
        """The rewards at one budget.

        Args:
            kl: Budget for the average over prompts, in nats, among those tabulated.

        Returns:
            The rewards of all prompts.
        """
        if kl == 0:
            return values_at_zero(self.plain, counts=self.sums.counts)
        if kl >= self.ceiling_kl or self.spending is None:
            return values_at_ceiling(self.sums, downward=self._shortfall(kl))
        if kl < (least := _least(self.ceiling_kl)):
            share = (kl / least) ** 0.5
            return values_near_zero(self.values(0.0), self.values(least), share=share)
        return self._inside(kl, self.spending)

    def carried(self, kl: float) -> Carried:
        """How the draws carry a budget, which takes no cgf.

        Args:
            kl: Budget for the average over prompts, in nats, among those tabulated.

        Returns:
            What the values at that budget say.
        """
        if kl == 0 or kl >= self.ceiling_kl or self.spending is None:
            return self.values(kl).carried
        beta = self.spending.betas(np.array([max(kl, _least(self.ceiling_kl))])).item()
        return self._bias(beta, self.spending.node(beta), self.spending.shares)[1]

    def _inside(self, kl: float, spending: Spending) -> Values:
        counts, p = self.sums.counts, self.sums.counts.size
        beta, cgf = self.known.get(kl) or _spent(self.sums, spending, [kl])[kl]
        node = spending.node(beta)
        more, carried = self._bias(beta, node, spending.shares)
        # the minimum over beta of a noisy curve lies low by what its own noise moves it
        noise = node.kl.var() if self.prompts == "sampled" else node.kl_variance.mean()
        spread = beta * float(node.spread.mean())
        rise = beta * spread  # of the KL with the logarithm of beta
        moved = min(float(noise) / p / rise / rise, 1.0) if rise > 0 else 0.0
        lift = moved * spread / 2
        slow = widening(more.decay)
        return Values(
            beta=np.array([beta]),
            rewards=(kl + cgf) / beta + more.added + lift,
            variances=np.where(counts > 1, np.maximum(node.variance, 0), np.inf)
            * slow
            / beta**2,
            thirds=node.third * slow**1.5 / beta**3,
            fourths=node.fourth * slow**2 / beta**4,
            doubt=more.doubt,
            upward=more.upward,
            downward=0.0,
            carried=carried,
        )

    def _bias(
        self, beta: float, node: Node, shares: Float64[np.ndarray, " p"]
    ) -> tuple[Extrapolated, Carried]:
        """The bias that is removed at a beta, and how the draws carry it."""
        ess, tail = node.ess(shares), tail_decay(self.sums.tails, beta=beta)
        more = extrapolated(node.bias / beta, node.change / beta, ess=ess, tail=tail)
        inside = np.zeros(node.bias.size, dtype=np.bool_)
        return more, Carried(more.decay, ess, inside, node.alone(shares))

    def _shortfall(self, kl: float) -> float:
        """What the best rewards lose at a budget within the error of the ceiling."""
        if self.spending is None or not np.isfinite(kl):
            return 0.0
        counts, tied = self.sums.counts, self.sums.tied
        p = tied.size
        within = float((1 / tied - 1 / counts).sum()) ** 0.5 / p
        between = float(self.ceilings.std()) / max(p - 1, 1) ** 0.5
        stderr = max(within, between) if self.prompts == "sampled" else within
        lower = kl - _TWO_SIGMA * stderr
        if not 0 < lower < self.ceiling_kl:
            return 0.0
        inside = self._inside(lower, self.spending).rewards
        return max(float((self.sums.best[:, 0] - inside).mean()), 0.0)


def pooled_frontier(sums: Sums, *, budgets: list[float], prompts: str) -> PooledFrontier:
    """Make draws ready for pooled budgets.

    Args:
        sums: Sums over the draws.
        budgets: All budgets that will be asked for, in nats.
        prompts: ``"sampled"`` or ``"fixed"``.

    Returns:
        The frontier, whose ``values`` are asked for budget by budget.

    Raises:
        InputError: Rewards differ, but so little that the squares of their differences are 0.
    """
    tops, plain = ceilings(sums), sums.at(np.zeros(sums.counts.size))
    top = float(tops.mean())
    inside = [min(max(kl, _least(top)), 0.999 * top) for kl in budgets if kl > 0]
    if not (top > 0 and inside):
        return PooledFrontier(sums, plain, None, tops, top, prompts, {})
    if plain.variance.mean() == 0:
        apart = float((sums.best[:, 0] - sums.lowest).max())
        raise InputError(
            "rewards of a prompt need differences whose squares are not 0, got "
            f"{apart:.3g} at most: multiply them by a constant"
        )
    spending = tabulated_spending(
        sums, variances=plain.variance, smallest=min(inside), largest=max(inside)
    )
    known = _spent(sums, spending, inside)  # at once: cheaper
    return PooledFrontier(sums, plain, spending, tops, top, prompts, known)


def _spent(
    sums: Sums, spending: Spending, budgets: list[float]
) -> dict[float, tuple[float, Float64[np.ndarray, " p"]]]:
    """The beta that spends each budget, and the cgf of every prompt at it."""
    betas = spending.betas(np.array(budgets))
    return dict(zip(budgets, zip(betas.tolist(), sums.cgfs(betas), strict=True), strict=True))


def _least(ceiling: float) -> float:
    """The least budget that is told from 0."""
    return min(LEAST_KL, ceiling / 2)
