"""The tilt of the reference that spends a KL, and the one that has a mean reward."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from klimit.core.roots import Sample, increasing_root
from klimit.estimate.audit.extrapolation import extrapolated_tilt
from klimit.estimate.audit.plain import plain_tilt
from klimit.estimate.audit.sources import Sources
from klimit.estimate.audit.tilt_at import TiltAt, tilt_at, tilt_limit
from klimit.estimate.frontier.extremes import best_and_lowest
from klimit.estimate.frontier.reliability import frontier_objection
from klimit.estimate.frontier.values import Carried

__all__ = ["Reached", "tilt_at_kl", "tilt_at_reward"]

_TOLERANCE = 1e-6  # relative: the rewards are flat in beta, so that this leaves them exact
_SETTLED = 1e-4  # relative, of beta: the rewards move by its square
_SAME = 1e-9  # standard deviations between rewards that are one, the KL of which is lost
_STEPS = 3  # Newton steps from the curve of the draws to the one free of bias


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """A tilt that was looked for.

    Attributes:
        tilt: The tilt; where none reaches far enough, that of the best draws of each prompt.
        reason: Why the data do not bear it, in words; empty where they do.
        ceiling: Whether it is that of the best draws of each prompt.
    """

    tilt: TiltAt
    reason: str
    ceiling: bool


def tilt_at_kl(sources: Sources, kl: float) -> Reached:
    """The tilt of the reference that spends a KL on the average over prompts.

    Args:
        sources: Draws of the reference.
        kl: The KL in nats; no more than 0 gives the reference itself.

    Returns:
        The tilt, the bias of finitely many draws removed from its KL.
    """
    start = tilt_at(sources, 0.0)
    if kl <= 0 or start.variance == 0:
        return Reached(start, "", ceiling=False)
    top = tilt_limit(sources)
    if top.kl.value <= kl:  # pragma: no branch  (a function follows)
        return Reached(top, _objection(sources, top), ceiling=True)

    def spent(beta: float) -> Sample:
        of = plain_tilt(sources.reference, beta)
        root = max(of.kl, 0.0) ** 0.5
        short = root / kl**0.5 - 1.0  # the root of the KL is nearly linear in beta
        slope = beta**2 * of.variance / (2 * max(root, 1e-300) * kl**0.5)
        return Sample(short if abs(short) > _TOLERANCE else 0.0, slope)

    beta = increasing_root(spent, start=(2 * kl / start.variance) ** 0.5)
    return _settled(sources, beta, lambda tilt: (kl - tilt.kl.value) / tilt.beta)


def tilt_at_reward(sources: Sources, reward: float) -> Reached:
    """The tilt of the reference with a given mean reward, above or below its own.

    Args:
        sources: Draws of the reference.
        reward: The mean reward.

    Returns:
        The tilt; its ``beta`` is negative for a reward below that of the reference.
    """
    start = tilt_at(sources, 0.0)
    away = reward - start.reward.value
    if abs(away) <= _SAME * start.variance**0.5:
        return Reached(start, "", ceiling=False)
    if away < 0:
        other = _tilt_above(sources.mirrored(), -away)
        return Reached(other.tilt.mirrored(), other.reason, other.ceiling)
    return _tilt_above(sources, away)


def _tilt_above(sources: Sources, away: float) -> Reached:
    """The tilt whose mean reward is above that of the reference by so much."""
    start, top = tilt_at(sources, 0.0), tilt_limit(sources)
    reach = top.reward.value - start.reward.value
    if away >= reach * (1 - _TOLERANCE):  # pragma: no branch  (a function follows)
        beyond = away > reach * (1 + _TOLERANCE)
        why = "the reward is beyond the best draws seen" if beyond else _objection(sources, top)
        return Reached(top, why, ceiling=True)

    def gained(beta: float) -> Sample:
        of = plain_tilt(sources.reference, beta)
        short = (of.reward - start.reward.value) / away - 1.0
        slope = beta * of.variance / away
        return Sample(short if abs(short) > _TOLERANCE else 0.0, slope)

    beta = increasing_root(gained, start=away / start.variance)
    reward = start.reward.value + away
    return _settled(sources, beta, lambda tilt: reward - tilt.reward.value)


def _settled(sources: Sources, beta: float, lacking: Callable[[TiltAt], float]) -> Reached:
    """Newton steps from the beta of the draws to that of the curve free of bias.

    ``lacking`` tells how much reward is short, to first order.
    """
    tilt = tilt_at(sources, beta)
    for _ in range(_STEPS):
        moved = beta + lacking(tilt) / tilt.variance
        if abs(moved - beta) <= _SETTLED * beta:
            break
        beta = float(np.clip(moved, 0.8 * beta, 1.25 * beta))
        tilt = tilt_at(sources, beta)
    tilt = extrapolated_tilt(sources, tilt)
    return Reached(tilt, _objection(sources, tilt), ceiling=False)


def _objection(sources: Sources, tilt: TiltAt) -> str:
    """What speaks against the frontier at the KL of a tilt also speaks against the tilt."""
    reached = np.full(len(sources.reference.prompts), np.isinf(tilt.beta))
    carried = Carried(tilt.decay, tilt.ess, reached)
    seen = best_and_lowest(sources.reference)
    reason = frontier_objection(seen, carried, kl=tilt.kl.value, own=False)
    return reason.replace("the budget", "the KL")
