"""How far a policy is from the optimum, told from its KL and its mean reward alone."""

from dataclasses import dataclass
from math import inf, sqrt

from klimit.core.errors import InputError
from klimit.core.results import Result
from klimit.core.scalars import real
from klimit.exact.frontiers import Frontier, frontier
from klimit.exact.policies import Model
from klimit.exact.tilts import Tilt

__all__ = ["Certificate", "certificate"]

_ROUNDING = 1e-9  # relative excess over the frontier that is taken for rounding
_EPS = 2.0**-52


@dataclass(frozen=True, slots=True, eq=False)
class Certificate(Result):
    """The distance of a policy to the optimal ones.

    Attributes:
        kl: The policy's divergence from the reference policy, in nats.
        mean_reward: Its mean reward.
        frontier_reward: The largest mean reward within that divergence.
        reward_gap: How much of it the policy lacks, nonnegative.
        beta_same_kl: Inverse temperature of the tilt that attains it; ``inf`` at and above the
            ceiling.
        divergence_same_kl: Divergence of the policy from that tilt, in nats.
        beta_same_reward: Inverse temperature of the tilt with the policy's mean reward.
        divergence_closest: Divergence of the policy from that tilt, in nats: the smallest to
            any tilt, and what the policy spends beyond the cheapest way to its reward.
        tv_bound: An upper bound on the total variation between the policy and the tilt of the
            same KL, ``sqrt(divergence_same_kl / 2)`` or 1.
        efficiency: The policy's gain over the frontier's at the same divergence, gains counted
            from the frontier's reward at its floor; negative for a policy that loses reward, 1
            where there is nothing to gain.
    """

    kl: float
    mean_reward: float
    frontier_reward: float
    reward_gap: float
    beta_same_kl: float
    divergence_same_kl: float
    beta_same_reward: float
    divergence_closest: float
    tv_bound: float
    efficiency: float


def certificate(model: Model, *, kl: float, mean_reward: float) -> Certificate:
    r"""Certify how far any policy is from the optimum.

    .. math:: \mathrm{KL}(\pi \,\|\, \pi_\beta)
              = \mathrm{KL}(\pi \,\|\, p) - \beta \, \mathbf{E}_\pi r + \kappa(\beta)

    holds for every policy, so that two numbers tell its distance to every tilt, whatever way it
    was trained or sampled.

    Args:
        model: The reference policy and its rewards.
        kl: The policy's divergence from the reference policy, in nats.
        mean_reward: Its mean reward.

    Returns:
        The gap in reward, the two divergences and what follows from them.

    Raises:
        InputError: A number is not finite, or no policy has these two: its reward would need a
            larger divergence.

    Example:
        >>> from klimit import FiniteModel
        >>> coin = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
        >>> round(certificate(coin, kl=0.2, mean_reward=0.7).divergence_closest, 9)
        0.117717121

    References:
        Yang, Salamatian, Sun, Suresh, Beirami (2024), Asymptotics of language model alignment.
    """
    kl, reward = real("kl", kl), real("mean_reward", mean_reward)
    if not (kl < inf and abs(reward) < inf):
        raise InputError(
            f"a certificate needs a finite kl and mean_reward, got {kl} and {reward}"
        )
    limits = frontier(model)
    reward = _unblurred(limits, reward)
    best = limits.at_kl(kl)
    closest = _closest(limits, reward)
    excess = _nonnegative(kl, reward, closest)
    gap = max(best.mean_reward - reward, 0.0)
    same_kl = _divergence_same_kl(kl, gap, best, excess)
    start = limits.at_kl(limits.floor_kl).mean_reward
    reach = best.mean_reward - start
    return Certificate(
        kl=kl,
        mean_reward=reward,
        frontier_reward=best.mean_reward,
        reward_gap=gap,
        beta_same_kl=best.beta,
        divergence_same_kl=same_kl,
        beta_same_reward=closest.beta,
        divergence_closest=excess,
        tv_bound=min(1.0, sqrt(same_kl / 2)),
        efficiency=(reward - start) / reach if reach > 0.0 else 1.0,
    )


def _unblurred(limits: Frontier, reward: float) -> float:
    """The largest reward in place of what rounding of an average makes of it."""
    top = limits.ceiling_reward
    return top if abs(reward - top) <= 4 * _EPS * abs(top) < inf else reward


def _closest(limits: Frontier, reward: float) -> Tilt:
    """The tilt of that reward; where only ``-inf`` could lower it, the limit at ``beta`` 0."""
    if limits.floor_kl > 0.0:
        lowest = limits.at_kl(limits.floor_kl)
        if reward < lowest.mean_reward:
            return lowest
    return limits.at_reward(reward)


def _nonnegative(kl: float, reward: float, closest: Tilt) -> float:
    """The policy's excess divergence; refused where it is negative beyond rounding."""
    excess = kl - closest.kl
    blur = 0.0 if abs(closest.beta) == inf else abs(closest.beta) * 16 * _EPS * abs(reward)
    if excess < -(_ROUNDING * closest.kl + blur):
        raise InputError(
            f"no policy has mean reward {reward:.12g} within kl {kl:.12g}: it needs at least "
            f"{closest.kl:.12g} nats; check the direction of kl, and that both belong to this "
            "reference policy"
        )
    return max(excess, 0.0)


def _divergence_same_kl(kl: float, gap: float, best: Tilt, excess: float) -> float:
    if best.beta == 0.0:  # a constant reward, or nothing to spend above the floor
        return max(kl - best.kl, 0.0)
    if best.beta < inf:
        return best.beta * gap
    return inf if gap > 0.0 else excess
