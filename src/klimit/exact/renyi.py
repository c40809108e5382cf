"""Renyi divergence and cross entropy, at all real orders and their limits."""

from math import inf, log1p

import numpy as np

from klimit.core.numerics import exp_minus_linear, kl_between, log_sum_exp
from klimit.core.scalars import real
from klimit.exact.finite import FiniteModel
from klimit.exact.policies import Pair, Policy, pair
from klimit.exact.tilts import tilt

__all__ = ["renyi_cross_entropy", "renyi_divergence"]


def renyi_divergence(p: Policy, q: Policy, *, order: float) -> float:
    r"""The Renyi divergence of two policies.

    .. math:: D_\alpha(p \,\|\, q)
              = \frac{1}{\alpha - 1} \log \sum_y p(y)^\alpha \, q(y)^{1-\alpha}

    Nondecreasing in the order; 1 is the Kullback-Leibler divergence, 0 is
    :math:`-\log q(\operatorname{supp} p)`, infinity the logarithm of the largest ratio.
    Negative orders are not positive:
    :math:`D_\alpha(p\,\|\,q) = \frac{\alpha}{1-\alpha} D_{1-\alpha}(q\,\|\,p)`.

    Args:
        p: A law, a model (its reference policy), or a vector of probabilities or of
            log-probabilities in nats.
        q: Another on the same outcomes.
        order: Any real number, or an infinity.

    Returns:
        The divergence in nats, ``inf`` and ``-inf`` included.

    Raises:
        InputError: These are no policies on the same outcomes, or ``order`` is ``nan``.

    Example:
        >>> round(renyi_divergence([0.5, 0.5], [0.75, 0.25], order=2.0), 9)
        0.287682072

    References:
        van Erven, Harremoes (2014), Renyi divergence and Kullback-Leibler divergence.
    """
    order = real("order", order)
    both = pair(p, q)
    if order < 0.0:
        weight = 1.0 if order == -inf else order / (order - 1.0)
        return 0.0 - weight * _at_positive_order(both.swapped(), 1.0 - order)
    return _at_positive_order(both, order) if order > 0.0 else _at_order_zero(both)


def renyi_cross_entropy(p: Policy, q: Policy, *, order: float) -> float:
    r"""The Renyi cross entropy of two policies.

    .. math:: H_\alpha(p; q) = \frac{1}{1 - \alpha} \log \sum_{y \in \operatorname{supp} p}
              p(y) \, q(y)^{\alpha - 1}

    Nonincreasing in the order; 1 is the cross entropy :math:`-\mathbf{E}_p \log q`, the
    infinite orders are minus the logarithms of the largest and the smallest ``q`` on the
    support of ``p``. With ``log q`` as reward it is minus the scaled cumulant generating
    function, :math:`\kappa(t) = -t \, H_{1+t}(p; q)`.

    Args:
        p: A law, a model (its reference policy), or a vector of probabilities or of
            log-probabilities in nats.
        q: Another on the same outcomes.
        order: Any real number, or an infinity.

    Returns:
        The cross entropy in nats; ``inf`` where ``q`` excludes what ``p`` allows and the order
        is at most 1, or excludes all of it.

    Raises:
        InputError: These are no policies on the same outcomes, or ``order`` is ``nan``.

    Example:
        >>> round(renyi_cross_entropy([0.5, 0.5], [0.75, 0.25], order=2.0), 9)
        0.693147181

    References:
        Thierrin, Alajaji, Linder (2022), Renyi cross-entropy measures for common distributions.
    """
    t = real("order", order) - 1.0
    both = pair(p, q)
    rewards = both.log_q[both.log_p > -inf]
    lowest, highest = float(rewards.min()), float(rewards.max())
    if highest == -inf or (lowest == -inf and t <= 0.0):
        return inf
    if abs(t) == inf:
        return 0.0 - (highest if t > 0.0 else lowest)
    model = FiniteModel(both.log_p, both.log_q)
    return 0.0 - (tilt(model, beta=t).cgf / t if t else model.levels.mean_reward)


def _at_order_zero(both: Pair) -> float:
    outside = float(np.exp(both.log_q[both.log_p == -inf]).sum())
    if outside < 0.5:
        return 0.0 - log1p(-outside)
    return 0.0 - min(log_sum_exp(both.log_q[both.log_p > -inf]), 0.0)


def _at_positive_order(both: Pair, order: float) -> float:
    possible = both.log_p > -inf
    excluded = possible & (both.log_q == -inf)
    if order >= 1.0 and np.any(excluded):
        return inf
    if order == inf:
        return float(both.log_ratio[possible].max())
    if order == 1.0:
        return kl_between(both.log_p, both.log_q, both.log_ratio)
    common = possible & ~excluded
    if order < 0.5 and np.array_equal(common, both.log_q > -inf):
        # the other direction has the order above 1/2, where nothing cancels
        return order / (1.0 - order) * _at_positive_order(both.swapped(), 1.0 - order)
    return _log_moment(both, common, order - 1.0) / (order - 1.0)


def _log_moment(both: Pair, common: np.ndarray, t: float) -> float:
    """``log E_p (p / q)^t``: about its first moment where it is small, else directly."""
    log_p, log_q, u = both.log_p[common], both.log_q[common], both.log_ratio[common]
    if log_p.size == 0:
        return -inf
    only_p = float(np.exp(both.log_p[~common]).sum())
    only_q = float(np.exp(both.log_q[~common]).sum())
    mean = kl_between(log_p, log_q, u) + only_q - only_p
    a, p = t * u, np.exp(log_p)
    with np.errstate(over="ignore"):
        far = np.exp(log_p + np.maximum(a, 1.0)) - p * (1.0 + a)
    remainder = np.where(a < 1.0, p * exp_minus_linear(np.minimum(a, 1.0)), far)
    excess = float(remainder.sum()) + t * mean - only_p
    return log1p(excess) if abs(excess) < 0.5 else log_sum_exp(log_p + a)
