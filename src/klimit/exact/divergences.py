"""The divergence between two policies on one model."""

from math import exp, inf

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike

from klimit.core.errors import InputError
from klimit.core.numerics import kl_from_ratio, log1mexp
from klimit.exact.best_of import BestOfNLaw
from klimit.exact.continuous import continuous_kl, normal_log_decay, normal_maximum
from klimit.exact.finite import FiniteModel, normalised, vector
from klimit.exact.gaussian import GaussianReward
from klimit.exact.tilts import Tilt

__all__ = ["Policy", "divergence"]

Law = Tilt | BestOfNLaw
Policy = Law | FiniteModel | GaussianReward | ArrayLike


def divergence(a: Policy, b: Policy) -> float:
    r"""The divergence :math:`\mathrm{KL}(a \,\|\, b)` of two policies on one model.

    The direction matters: best-of-N is close to the tilt of its KL, not the other way round.

    Args:
        a: A tilt, a law, a model (its reference policy) or log-probabilities in nats.
        b: Another on the same outcomes.

    Returns:
        The divergence in nats, nonnegative; ``inf`` if ``a`` allows what ``b`` excludes.
        Policies that carry their ratio to one reference policy keep their digits however near
        they are.

    Raises:
        InputError: These are not policies on the same outcomes, or log-probabilities do not sum
            to 1.

    Example:
        >>> from klimit import best_of_n, tilt
        >>> coin = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
        >>> round(divergence(best_of_n(coin, n=2), tilt(coin, beta=1.0)), 9)
        0.000926543
    """
    if isinstance(_model(a), GaussianReward) or isinstance(_model(b), GaussianReward):
        if _model(a) != _model(b):
            raise InputError(
                "policies must be on the same model, got a Gaussian reward and not"
            )
        return _continuous(a, b)
    log_a, log_b = _log_probs("a", a), _log_probs("b", b)
    if log_a.shape != log_b.shape:
        raise InputError(
            f"policies must be on the same outcomes, got {log_a.size} and {log_b.size} of them"
        )
    possible = log_b > -inf
    if np.any(log_a[~possible] > -inf):
        return inf
    if _share_reference(a, b):
        ratio = _log_ratio(a)[possible] - _log_ratio(b)[possible]
    else:
        ratio = log_a[possible] - log_b[possible]
    return kl_from_ratio(log_b[possible], ratio)


def _model(policy: Policy) -> FiniteModel | GaussianReward | None:
    if isinstance(policy, Law):
        return policy.model
    return policy if isinstance(policy, FiniteModel | GaussianReward) else None


def _log_probs(name: str, policy: Policy) -> Float64[np.ndarray, " k"]:
    if isinstance(policy, Law | FiniteModel):
        return np.asarray(policy.log_probs)
    return normalised(name, vector(name, np.asarray(policy)))


def _log_ratio(policy: Policy) -> Float64[np.ndarray, " k"]:
    if isinstance(policy, Law):
        return np.asarray(policy.log_ratio)
    return np.zeros(_log_probs("policy", policy).size)


def _share_reference(a: Policy, b: Policy) -> bool:
    one, other = _model(a), _model(b)
    if not (isinstance(one, FiniteModel) and isinstance(other, FiniteModel)):
        return False
    return one is other or np.array_equal(one.log_probs, other.log_probs)


def _continuous(a: Policy, b: Policy) -> float:
    """Two policies on one Gaussian reward: shifts of the normal law, or maxima of N."""
    log_n, log_m = _log_n(a), _log_n(b)
    shift, other = _shift(a), _shift(b)
    if shift == other:  # neither is a proper tilt, or both the same one
        return continuous_kl(log_n, log_m)
    if log_n == log_m == 0.0:
        return (shift - other) ** 2 / 2
    if log_n > 0.0:
        return continuous_kl(log_n) - other * normal_maximum(log_n) + other**2 / 2
    log_more = log_m + float(log1mexp(-log_m))
    log_cost = log_more + normal_log_decay(shift)
    return shift**2 / 2 - log_m + (exp(log_cost) if log_cost < 709.0 else inf)


def _log_n(policy: Policy) -> float:
    return policy.log_n if isinstance(policy, BestOfNLaw) else 0.0


def _shift(policy: Policy) -> float:
    if isinstance(policy, Tilt) and isinstance(policy.model, GaussianReward):
        return policy.beta * policy.model.std
    return 0.0
