"""Divergences between policies on responses of random length."""

from math import exp, inf

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.core.numerics import kl_from_ratio
from klimit.exact.best_of import BestOfNLaw
from klimit.exact.counts import Fixed
from klimit.exact.policies import Law, Policy
from klimit.exact.responses import ResponseReward, response_reward
from klimit.exact.soft_best_of import SoftBestOfNLaw, soft_log_ratio
from klimit.exact.tilts import Tilt
from klimit.exact.variable_length import VariableLength

__all__ = ["common_responses", "response_divergence"]


def common_responses(a: Policy, b: Policy) -> VariableLength | None:
    """The reference policy that two policies on responses share.

    Args:
        a: A policy in any form.
        b: Another.

    Returns:
        The reference policy; ``None`` where one of them is on something else.
    """
    one, other = _responses(a), _responses(b)
    if one is None or other is None:
        return None
    same = one.stop_log_prob == other.stop_log_prob and one.stop_reward == other.stop_reward
    for name in ("token_log_probs", "token_rewards"):
        same = same and np.array_equal(getattr(one, name), getattr(other, name))
    return one if same else None


def response_divergence(a: Policy, b: Policy, model: VariableLength) -> float:
    """The divergence of two policies on responses.

    Args:
        a: The reference policy, a tilt or a law of what some draws keep.
        b: Another.
        model: The reference policy of both.

    Returns:
        The divergence in nats.

    Raises:
        InputError: The policies cannot be put on the same totals.
    """
    wide, other = _totals(a), _totals(b)
    if wide is None and other is None:
        return _between_tilts(_beta(a), _beta(b), model)
    if wide is None:
        if not isinstance(b, BestOfNLaw | SoftBestOfNLaw):
            raise InputError(
                "the divergence of a tilt from the best of a random number of draws needs more "
                "totals than the law has; ask for the other direction"
            )
        beta = _beta(a)
        wide = response_reward(model, log_n=b.log_n, top_beta=beta, bottom_beta=beta)
    elif other is not None and len(other) > len(wide):
        wide = other
    one, two = _log_ratio(a, wide), _log_ratio(b, wide)
    with np.errstate(invalid="ignore"):
        ratio = np.where(one > -inf, one - two, -inf)
    log_base = wide.log_probs + two
    # what b gives to totals that a never has
    beyond = max(1.0 - float(np.exp(log_base).sum()), 0.0)
    return kl_from_ratio(log_base, ratio) + beyond


def _responses(policy: Policy) -> VariableLength | None:
    model = policy.model if isinstance(policy, Law) else policy
    if isinstance(model, ResponseReward):
        return model.responses
    return model if isinstance(model, VariableLength) else None


def _totals(policy: Policy) -> ResponseReward | None:
    model = policy.model if isinstance(policy, Law) else policy
    return model if isinstance(model, ResponseReward) else None


def _beta(policy: Policy) -> float:
    return policy.beta if isinstance(policy, Tilt) else 0.0


def _between_tilts(a: float, b: float, model: VariableLength) -> float:
    if model.has_void and a == 0.0:
        return 0.0 if b == 0.0 else inf
    if model.has_void and b == 0.0:
        return model.tilted(a).kl + model.floor_kl
    one, two = model.tilted(a), model.tilted(b)
    with np.errstate(invalid="ignore"):
        ratio = np.where(one.log_ratio > -inf, one.log_ratio - two.log_ratio, -inf)
    steps = model.steps
    log_q = np.append(steps.log_probs, steps.log_stop) + two.log_ratio
    return kl_from_ratio(log_q, ratio) / exp(one.log_stop)


def _log_ratio(policy: Policy, wide: ResponseReward) -> Float64[np.ndarray, " k"]:
    """Log-probabilities on some totals less those of the reference policy."""
    if isinstance(policy, Tilt) and _totals(policy) is None:
        return _tilted(policy, wide)
    if not isinstance(policy, Law):
        return np.zeros(len(wide))
    own = _totals(policy)
    if policy.log_ratio is not None and own and np.array_equal(own.rewards, wide.rewards):
        return policy.log_ratio
    if isinstance(policy, BestOfNLaw):
        return wide.spread(Fixed(policy.log_n).log_ratio(wide.levels))
    if isinstance(policy, SoftBestOfNLaw):
        return wide.spread(soft_log_ratio(wide.levels, policy.log_n, policy.beta))
    raise InputError("these two laws are on different totals; compare each with a tilt")


def _tilted(policy: Tilt, wide: ResponseReward) -> Float64[np.ndarray, " k"]:
    if policy.beta == 0.0 and policy.kl == 0.0:
        return np.zeros(len(wide))
    finite = wide.rewards > -inf
    totals = np.where(finite, wide.rewards, 0.0)
    if policy.beta == inf:
        best = totals == totals.max(where=finite, initial=-inf)
        return np.where(finite & best, policy.kl, -inf)
    return np.where(finite, policy.beta * totals - policy.cgf, -inf)
