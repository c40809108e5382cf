"""The numbers of an audit, from what is known of the policy and of the reference."""

from dataclasses import dataclass
from math import inf, isfinite, nan

from klimit.core.results import Estimate, Result
from klimit.estimate.audit.noisy import Interval, Noisy, confidence
from klimit.estimate.audit.shares import difference, ratio, total
from klimit.estimate.audit.sources import Sources
from klimit.estimate.audit.tilt_at import TiltAt
from klimit.estimate.audit.tilts import Reached, tilt_at_kl, tilt_at_reward

__all__ = ["Numbers", "numbers"]


@dataclass(frozen=True, slots=True, eq=False)
class Numbers(Result):
    """A policy against the frontier.

    Attributes:
        kl: The policy's divergence from the reference, in nats.
        mean_reward: Its mean reward.
        reference_reward: Mean reward of the reference.
        gain: Mean reward of the policy less that of the reference.
        possible_gain: The largest gain that any policy has within that KL.
        frontier_reward: The largest mean reward within that KL.
        reward_gap: How much of it the policy lacks.
        excess_kl: What the policy spends beyond the cheapest way to its reward, in nats.
        divergence: Divergence of the policy from the optimal one of the same KL, in nats.
        efficiency: Gain over possible gain.
        at_kl: The tilt of the policy's KL.
        at_reward: The tilt of the policy's reward.
        surplus: How far the excess KL is from 0 before it is held there, in nats.
    """

    kl: Estimate
    mean_reward: Estimate
    reference_reward: Estimate
    gain: Estimate
    possible_gain: Estimate
    frontier_reward: Estimate
    reward_gap: Estimate
    excess_kl: Estimate
    divergence: Estimate
    efficiency: Estimate
    at_kl: Reached
    at_reward: Reached
    surplus: Estimate


def numbers(sources: Sources, *, kl: Noisy, reward: Noisy) -> Numbers:
    """Compare a policy with the frontier.

    Args:
        sources: Draws of the reference and of the policy.
        kl: The policy's divergence from the reference.
        reward: Its mean reward.

    Returns:
        All numbers with their intervals.
    """
    quantile = sources.quantile
    at_kl = tilt_at_kl(sources, kl.value)
    at_reward = tilt_at_reward(sources, reward.value)
    base = sources.of_reference(sources.reference.rewards)
    gain, possible = reward - base, _possible(at_kl, kl, base)
    gap, excess = possible - gain, _excess(at_reward.tilt, kl, reward)
    reach = _reach(sources, at_kl, kl, possible)
    own, start = confidence(gain, quantile=quantile), confidence(base, quantile=quantile)
    spent = confidence(excess, quantile=quantile)
    if at_reward.reason:  # the cheapest way to the reward may cost anything above
        spent = Interval(spent.value, min(spent.low, 0.0), spent.high)
    short = difference(reach, own, correlation=possible.correlation(gain)).within(0.0, inf)

    shown = sources.shown
    return Numbers(
        kl=sources.estimate(kl),
        mean_reward=sources.estimate(reward),
        reference_reward=sources.estimate(base),
        gain=sources.estimate(gain),
        possible_gain=shown(reach.within(0.0, inf), possible.stderr),
        frontier_reward=shown(
            total(start, reach, correlation=base.correlation(possible)),
            (base + possible).stderr,
        ),
        reward_gap=shown(short, gap.stderr),
        excess_kl=shown(spent.within(0.0, inf), excess.stderr),
        divergence=shown(*_divergence(at_kl, kl, gap, spent, quantile)),
        efficiency=shown(*_efficiency(own, reach, gain, possible)),
        at_kl=at_kl,
        at_reward=at_reward,
        surplus=shown(spent, excess.stderr),
    )


def _possible(at_kl: Reached, kl: Noisy, base: Noisy) -> Noisy:
    """The largest gain; to first order its error is that at one beta (envelope theorem)."""
    tilt = at_kl.tilt
    if at_kl.ceiling or tilt.beta == 0:
        return tilt.reward - base
    spare = kl - tilt.kl
    # a minimum over beta of noisy curves lies low by what their noise bends
    lift = spare.variance / (2 * tilt.beta**3 * tilt.variance) if tilt.variance > 0 else 0.0
    return ((1.0 / tilt.beta) * spare + tilt.reward - base).plus(lift)


def _reach(sources: Sources, at_kl: Reached, kl: Noisy, possible: Noisy) -> Interval:
    """The interval of the largest gain: that of the budget, carried down the bent curve.

    Where the draws do not bear the budget, the largest gain may be anything above.
    """
    plain = confidence(possible, quantile=sources.quantile)
    tilt = at_kl.tilt
    if at_kl.ceiling:
        low, high = plain.low, plain.high
    elif tilt.beta == 0:
        most = tilt_at_kl(sources, kl.value + sources.quantile * kl.stderr).tilt
        low, high = plain.low, plain.high + most.reward.value - tilt.reward.value
    else:
        blur = sources.quantile * tilt.beta * possible.stderr
        less = tilt_at_kl(sources, max(kl.value - blur, 0.0)).tilt
        fallen = tilt.reward.value - less.reward.value
        low, high = plain.value - max(fallen, plain.down), plain.high
    return Interval(plain.value, low, inf if at_kl.reason else high)


def _excess(tilt: TiltAt, kl: Noisy, reward: Noisy) -> Noisy:
    if not isfinite(tilt.beta):
        return kl - tilt.kl
    away = tilt.divergence(kl, reward)
    if tilt.variance <= 0:
        return away
    return away.plus((reward - tilt.reward).variance / (2 * tilt.variance))


def _divergence(
    at_kl: Reached, kl: Noisy, gap: Noisy, spent: Interval, quantile: float
) -> tuple[Interval, float]:
    """Beta times the gap, with the error of beta, which matters where there is a gap."""
    tilt = at_kl.tilt
    least = spent.within(0.0, inf).low
    if at_kl.ceiling:
        some = gap.value > quantile * gap.stderr
        value = inf if some and not at_kl.reason else nan
        return Interval(value, least, inf), nan
    if tilt.beta == 0 or tilt.variance <= 0:
        return confidence(kl, quantile=quantile).within(0.0, inf), kl.stderr
    shift = (1.0 / (tilt.beta * tilt.variance)) * (kl - tilt.kl)
    moves = tilt.beta * gap.moves + gap.value * shift.moves
    away = Noisy(tilt.beta * gap.value, moves)
    interval = confidence(away, quantile=quantile).within(0.0, inf)
    if at_kl.reason:
        interval = Interval(interval.value, min(least, interval.low), inf)
    return interval, away.stderr


def _efficiency(
    own: Interval, reach: Interval, gain: Noisy, possible: Noisy
) -> tuple[Interval, float]:
    if possible.value <= 0:
        return Interval(nan, -inf, 1.0), nan
    share = ratio(own, reach, correlation=gain.correlation(possible))
    error = (1.0 / possible.value) * (gain - share.value * possible)
    return share.within(-inf, 1.0), error.stderr
