"""The numbers of an audit, from what is known of the policy and of the reference."""

from dataclasses import dataclass, replace
from math import hypot, inf, isfinite, nan

from klimit.core.results import Estimate, Result
from klimit.estimate.audit.ends import Interval
from klimit.estimate.audit.noisy import Noisy
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
    at_kl = tilt_at_kl(sources, kl.value)
    at_reward = tilt_at_reward(sources, reward.value)
    base = sources.of_reference(sources.reference.rewards)
    gain, possible = reward - base, _possible(at_kl, kl, base)
    gap, excess = possible - gain, _excess(at_reward.tilt, kl, reward)
    reach = _reach(sources, at_kl, kl, possible)
    own, start = sources.confidence(gain), sources.confidence(base)
    spent = _spent(sources, at_reward, excess)
    short = difference(reach, own, correlation=possible.correlation(gain)).within(0.0, inf)
    doubt = at_kl.tilt.doubt
    shown = sources.shown
    return Numbers(
        kl=sources.estimate(kl),
        mean_reward=sources.estimate(reward),
        reference_reward=sources.estimate(base),
        gain=sources.estimate(gain),
        possible_gain=shown(reach.within(0.0, inf), hypot(possible.stderr, doubt)),
        frontier_reward=shown(
            total(start, reach, correlation=base.correlation(possible)),
            hypot((base + possible).stderr, doubt),
        ),
        reward_gap=shown(short, hypot(gap.stderr, doubt)),
        excess_kl=shown(spent.within(0.0, inf), excess.stderr),
        divergence=shown(*_divergence(sources, at_kl, kl, gap, spent.low)),
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
    tilt = at_kl.tilt
    plain = sources.confidence(possible, doubt=tilt.doubt, upward=tilt.upward)
    if tilt.beta == 0:
        most = tilt_at_kl(sources, kl.value + sources.quantile * kl.stderr).tilt
        high = plain.high + most.reward.value - tilt.reward.value
        return Interval(plain.value, plain.low, inf if at_kl.reason else high)
    own = kl - tilt.kl if at_kl.ceiling else tilt.beta * possible
    least = max(kl.value - sources.quantile * own.stderr, 0.0)
    fallen = tilt.reward.value - tilt_at_kl(sources, least).tilt.reward.value
    low = plain.value - max(fallen, plain.down)
    return Interval(plain.value, low, inf if at_kl.reason else plain.high)


def _spent(sources: Sources, at_reward: Reached, excess: Noisy) -> Interval:
    tilt = at_reward.tilt
    scale = abs(tilt.beta) if isfinite(tilt.beta) else 0.0
    found = sources.confidence(excess, doubt=scale * tilt.doubt, upward=scale * tilt.upward)
    if at_reward.reason:  # the cheapest way to the reward may cost anything above
        return Interval(found.value, min(found.low, 0.0), found.high)
    return found


def _excess(tilt: TiltAt, kl: Noisy, reward: Noisy) -> Noisy:
    if not isfinite(tilt.beta):
        return kl - tilt.kl
    away = tilt.divergence(kl, reward)
    if tilt.variance <= 0:
        return away
    return away.plus((reward - tilt.reward).variance / (2 * tilt.variance))


def _divergence(
    sources: Sources, at_kl: Reached, kl: Noisy, gap: Noisy, least: float
) -> tuple[Interval, float]:
    """Beta times the gap, with the error of beta, which matters where there is a gap."""
    tilt, floor = at_kl.tilt, max(least, 0.0)
    if at_kl.ceiling:
        some = gap.value > sources.quantile * gap.stderr
        value = inf if some and not at_kl.reason else nan
        return Interval(value, floor, inf), nan
    if tilt.beta == 0 or tilt.variance <= 0:
        return sources.confidence(kl).within(0.0, inf), kl.stderr
    shift = (1.0 / (tilt.beta * tilt.variance)) * (kl - tilt.kl)
    away = replace(tilt.beta * gap + gap.value * shift, value=tilt.beta * gap.value)
    doubt = tilt.beta * tilt.doubt
    found = sources.confidence(away, doubt=doubt, upward=tilt.beta * tilt.upward)
    found = found.within(0.0, inf)
    if at_kl.reason:
        found = Interval(found.value, min(floor, found.low), inf)
    return found, hypot(away.stderr, doubt)


def _efficiency(
    own: Interval, reach: Interval, gain: Noisy, possible: Noisy
) -> tuple[Interval, float]:
    if possible.value <= 0:
        return Interval(nan, -inf, 1.0), nan
    share = ratio(own, reach, correlation=gain.correlation(possible))
    if reach.high == inf:  # more to gain would only bring the share closer to 0
        share = Interval(min(share.value, 1.0), share.low, min(share.high, 1.0))
    error = (1.0 / possible.value) * (gain - share.value * possible)
    return share.within(-inf, 1.0), error.stderr
