"""The divergence between two policies on one model."""

from math import exp, inf

from klimit.core.numerics import kl_between, log1mexp
from klimit.exact.best_of import BestOfNLaw
from klimit.exact.continuous import continuous_kl, normal_log_decay, normal_maximum
from klimit.exact.gaussian import GaussianReward
from klimit.exact.policies import Policy, model_of, pair
from klimit.exact.response_divergences import common_responses, response_divergence
from klimit.exact.tilts import Tilt

__all__ = ["divergence"]


def divergence(a: Policy, b: Policy) -> float:
    r"""The divergence :math:`\mathrm{KL}(a \,\|\, b)` of two policies on one model.

    The direction matters: best-of-N is close to the tilt of its KL, not the other way round.

    Args:
        a: A tilt, a law, a model (its reference policy), or a vector of log-probabilities in
            nats (or of probabilities: its signs tell).
        b: Another on the same outcomes.

    Returns:
        The divergence in nats, nonnegative; ``inf`` if ``a`` allows what ``b`` excludes.
        Policies that carry their ratio to one reference policy keep their digits however near
        they are.

    Raises:
        InputError: These are not policies on the same outcomes, or log-probabilities do not sum
            to 1.

    Example:
        >>> from klimit import FiniteModel, best_of_n, tilt
        >>> coin = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
        >>> round(divergence(best_of_n(coin, n=2), tilt(coin, beta=1.0)), 9)
        0.000926543
    """
    if isinstance(model_of(a), GaussianReward) and model_of(a) == model_of(b):
        return _continuous(a, b)
    responses = common_responses(a, b)
    if responses is not None:
        return response_divergence(a, b, responses)
    both = pair(a, b)
    return kl_between(both.log_p, both.log_q, both.log_ratio)


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
