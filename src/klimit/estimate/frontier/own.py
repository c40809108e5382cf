"""The frontier of the same budget for every prompt, each with a beta of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from klimit.estimate.draws import Draws
from klimit.estimate.frontier.condensing import sums_over
from klimit.estimate.frontier.own_betas import own_betas
from klimit.estimate.frontier.sums import Sums
from klimit.estimate.frontier.tails import tail_decay
from klimit.estimate.frontier.values import (
    LEAST_KL,
    Carried,
    Values,
    values_at_zero,
    values_near_zero,
)

__all__ = ["OwnFrontier", "own_frontier"]

_FASTEST, _SLOWEST = 0.3, 0.75  # ratios of the bias at m draws and at m / 2 that are believed
_SPLITS = 320  # halvings of all prompts together that keep their noise small
_CAUTION = 2.5  # standard errors by which the bias may fall slower than it seems
_LASTING = 0.9  # the largest ratio that the tail of the weights may tell
_STEADY = 1.4  # of what is added beyond a bias that halves with each doubling, as a doubt


@dataclass(frozen=True, slots=True, eq=False)
class OwnFrontier:
    """Draws made ready for budgets of every prompt: all of them, halves and quarters.

    The minimum over beta is taken prompt by prompt, where it lies low by what the noise of few
    draws lets it fall. How it moves from a quarter of the draws to half of them and to all
    tells how far it still has to go.

    Attributes:
        whole: Sums over all draws.
        halves: Sums over both halves of every prompt's draws, shuffle after shuffle.
        quarters: Sums over the quarters; the first and third make up the first half.
    """

    whole: Sums
    halves: Sums
    quarters: Sums

    def values(self, kl: float) -> Values:
        """The rewards at one budget.

        Args:
            kl: Budget of every prompt, in nats.

        Returns:
            The rewards of all prompts.
        """
        if kl == 0:
            counts = self.whole.counts
            return values_at_zero(self.whole.at(np.zeros(counts.size)), counts=counts)
        if kl < LEAST_KL:
            share = (kl / LEAST_KL) ** 0.5
            return values_near_zero(self.values(0.0), self.values(LEAST_KL), share=share)
        plain = _plain(self.whole, kl)
        p = plain.reward.size
        half = _plain(self.halves, kl).reward.reshape(-1, 2, p)
        quarter = _plain(self.quarters, kl).reward.reshape(-1, 4, p)
        shrunk = half - (quarter[:, :2] + quarter[:, 2:]) / 2
        last, before = plain.reward - half.mean(axis=(0, 1)), shrunk.mean(axis=(0, 1))
        ratio, stderr = 0.5, 0.0
        if before.mean() > 0:
            ratio = float(last.mean() / before.mean())
            stderr = float((last - ratio * before).std() / p**0.5 / before.mean())
        more = _remaining(ratio)
        # between the two for rewards that are bounded, where extrapolating goes too far
        share = 1.0 if more > 1 else 0.5
        further = (2 * more + more**2) * last - more**2 * before
        rewards = plain.reward + (1 - share) * last + share * further
        # at the best draws there is nothing further to go
        rewards = np.where(plain.reached, plain.reward, rewards)
        split = half + more * shrunk
        variances = ((split[:, 0] - split[:, 1]) ** 2).mean(axis=0) / 4
        slower = max(
            _remaining(ratio + _CAUTION * stderr) - more,
            (_remaining(self._told(plain), most=_LASTING) - more) / 2,
        )
        steady = np.where(plain.reached, plain.reward, plain.reward + 3 * last - before)
        weights = np.where(plain.reached, 1 / self.whole.tied, plain.squares)
        decay = float(-np.log2(max(ratio, 1e-3))) if ratio < 1 else 0.0
        return Values(
            beta=plain.beta,
            rewards=rewards,
            variances=np.where(self.whole.counts > 1, variances, np.inf),
            thirds=np.zeros(variances.size),
            fourths=1.5 * variances**2,
            doubt=0.3 * abs(more - 1) * abs(float(last.mean())),
            upward=max(slower * float(last.mean()), 0.0),
            downward=0.0,
            carried=Carried(decay, float(1 / weights.mean()), plain.reached),
            overdone=_STEADY * max(float((rewards - steady).mean()), 0.0) * (more > 1),
        )

    def _told(self, plain: "_Plain") -> float:
        """The ratio of the bias at twice the draws that the weights' tail tells, 0 for none."""
        beta = plain.beta[~plain.reached]
        if not beta.size:
            return 0.0
        return float(2.0 ** -tail_decay(self.whole.tails, beta=float(np.median(beta))))

    def carried(self, kl: float) -> Carried:
        """How the draws carry a budget.

        Args:
            kl: Budget of every prompt, in nats.

        Returns:
            What the values at that budget say.
        """
        return self.values(kl).carried


@dataclass(frozen=True, slots=True, eq=False)
class _Plain:
    """The frontier of the draws themselves."""

    beta: Float64[np.ndarray, " p"]
    reward: Float64[np.ndarray, " p"]
    squares: Float64[np.ndarray, " p"]
    reached: Bool[np.ndarray, " p"]


def _plain(sums: Sums, kl: float) -> _Plain:
    spread = sums.at(np.zeros(sums.counts.size)).variance
    start = np.sqrt(2 * kl / np.where(spread > 0, spread, 1.0))
    beta = own_betas(sums, kl=kl, start=start)
    reached = np.isinf(beta)
    finite = np.where(reached, 1.0, beta)
    tilt = sums.at(finite)
    reward = np.where(reached, sums.best[:, 0], (kl + tilt.cgf) / finite)
    return _Plain(beta, reward, tilt.squares, reached)


def _remaining(ratio: float, *, most: float = _SLOWEST) -> float:
    """How many times the last step is still to go, if each doubling shrinks it by ``ratio``."""
    believed = float(np.clip(ratio, _FASTEST, most))
    return believed / (1 - believed)


def own_frontier(draws: Draws) -> OwnFrontier:
    """Make draws ready for budgets of every prompt.

    The draws of a prompt are put in order and dealt out by a fixed shuffle of their ranks, so
    that the order in which they were recorded does not matter; by several shuffles where
    prompts are few.

    Args:
        draws: Draws of the reference policy.

    Returns:
        The frontier, whose ``values`` are asked for budget by budget.
    """
    rng = np.random.default_rng(0)
    ordered = [np.sort(row) for row in draws.blocks]
    halves, quarters = [], []
    for _ in range(int(np.clip(_SPLITS // len(ordered), 1, 16))):
        dealt = [rng.permutation(row) for row in ordered]
        halves += [_every(row, 2, i) for i in range(2) for row in dealt]
        quarters += [_every(row, 4, i) for i in range(4) for row in dealt]
    whole = sums_over(draws.rewards, draws.counts)
    return OwnFrontier(whole, _sums_over_rows(halves), _sums_over_rows(quarters))


def _sums_over_rows(rows: Sequence[Float64[np.ndarray, " _"]]) -> Sums:
    return sums_over(np.concatenate(rows), np.array([row.size for row in rows]))


def _every(row: Float64[np.ndarray, " m"], step: int, first: int) -> Float64[np.ndarray, " k"]:
    """Every so many draws; all of them where there are fewer."""
    return row[first::step] if row.size > first else row
