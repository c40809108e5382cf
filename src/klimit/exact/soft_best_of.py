"""Soft best-of-n: draw n, keep one with weight exp(beta * reward)."""

from dataclasses import dataclass
from math import inf, log

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.core.numerics import kl_from_ratio, log1mexp, log_one_minus_exp_ratio, log_sum_exp
from klimit.core.scalars import log_count, real
from klimit.exact.counts import Fixed
from klimit.exact.finite import FiniteModel
from klimit.exact.gaussian import GaussianReward
from klimit.exact.kept import win_rate
from klimit.exact.levels import Levels, rescaled
from klimit.exact.policies import Law, require_model
from klimit.exact.responses import finite_law
from klimit.exact.variable_length import VariableLength

__all__ = ["SoftBestOfNLaw", "soft_best_of_n", "soft_log_ratio"]

_STEP = 0.25  # the trapezoidal rule errs by about exp(-35) of each ratio with it
_TAIL = 45.0  # nats of the integrand that are left out at each end
_GONE = 60.0  # logarithm of an x from which exp(-x) is 0
_CELLS = 2**22  # how many exponentials are held at once
_WORK = 2**33  # how many are computed before the answer is refused


@dataclass(frozen=True, slots=True, eq=False)
class SoftBestOfNLaw(Law):
    """The policy that keeps one of n draws, better ones more often.

    Attributes:
        log_n: Logarithm of the number of draws.
        beta: Inverse temperature of the choice among them.
        log_probs: Log-probabilities of the draw that is kept, shape ``(k,)``.
        mean_reward: Its expected reward.
        kl: Divergence from the reference policy, in nats.
        win_rate: Probability that the draw beats one of the reference policy, ties half.
        log_ratio: Log-probabilities less those of the reference policy, shape ``(k,)``.
        model: The reference policy and its rewards.
    """

    log_n: float
    beta: float
    log_probs: Float64[np.ndarray, " k"]
    mean_reward: float
    kl: float
    win_rate: float
    log_ratio: Float64[np.ndarray, " k"]
    model: FiniteModel


def soft_best_of_n(
    model: FiniteModel | VariableLength, *, n: int, beta: float
) -> SoftBestOfNLaw:
    r"""The exact law of soft best-of-n, by one integral for every level of reward.

    With weights :math:`a = e^{\beta r}` and their Laplace transform :math:`L`, an outcome is
    kept with probability

    .. math:: p(y) \; n \, \mathbf{E} \frac{a_y}{a_y + a_2 + \dots + a_n}
              = p(y) \; n \int_0^\infty a_y e^{-s a_y} \, L(s)^{n-1} \, ds .

    In ``log s`` the integrand is analytic in a strip whose width depends on neither ``n`` nor
    the weights, so that the trapezoidal rule gives every ratio to 14 digits at any ``n``. As
    ``n`` grows the law tends to the tilt of ``beta``, as ``beta`` grows to best-of-n.

    Args:
        model: The reference policy and its rewards.
        n: Number of draws, an integer of any size.
        beta: Inverse temperature; infinite for best-of-n, negative to favour low rewards.

    Returns:
        The law. Where all draws have reward ``-inf``, one is kept at random.

    Raises:
        InputError: ``n`` is no integer or below 1; ``beta`` is ``nan``, or negative where a
            reward is ``-inf``, or so large against so many levels that the sum would not end.

    Example:
        >>> coin = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
        >>> round(soft_best_of_n(coin, n=2, beta=1.0).mean_reward, 9)
        0.615529289

    References:
        Verdun et al. (2025), Soft best-of-n sampling for model alignment, arXiv 2505.03156.
    """
    log_n, beta = log_count(n, None), real("beta", beta)
    if isinstance(require_model(model), GaussianReward):
        raise InputError("soft_best_of_n needs a model with levels, got a GaussianReward")
    model = finite_law(model, log_n=log_n)
    if beta < 0.0 and model.levels.has_void:
        raise InputError(f"beta must not be negative where a reward is -inf, got {beta}")
    levels = model.levels
    ratio = soft_log_ratio(levels, log_n, beta)
    log_ratio = model.spread(ratio)
    q = np.exp(levels.log_masses + ratio)
    return SoftBestOfNLaw(
        log_n=log_n,
        beta=beta,
        log_probs=model.log_probs + log_ratio,
        mean_reward=_mean(levels, q),
        kl=kl_from_ratio(levels.log_masses, ratio),
        win_rate=win_rate(levels, ratio),
        log_ratio=log_ratio,
        model=model,
    )


def _mean(levels: Levels, q: Float64[np.ndarray, " k"]) -> float:
    if levels.has_void:
        return -inf
    anchor = float(levels.scaled[int(np.argmax(q))])
    return rescaled(anchor + float(q @ (levels.scaled - anchor)), levels.exponent)


def soft_log_ratio(levels: Levels, log_n: float, beta: float) -> Float64[np.ndarray, " k"]:
    """What one of n draws, better ones more often, makes of each level.

    Args:
        levels: The law of the reward under the reference policy.
        log_n: Logarithm of the number of draws.
        beta: Inverse temperature of the choice among them.

    Returns:
        Log-masses less those of the reference policy, one a level.

    Raises:
        InputError: ``beta`` is too large against so many levels.
    """
    if log_n == 0.0 or beta == 0.0:
        return np.zeros_like(levels.log_masses)
    if abs(beta) == inf:
        return _hard(levels, log_n, beta)
    attainable = levels.attainable
    b = rescaled(beta, attainable.exponent)
    log_m = levels.log_masses[-attainable.scaled.size :]
    log_more = log_n + float(log1mexp(-log_n))
    ratio = log_n + _log_integrals(b, attainable.scaled, log_m, log_more)
    if levels.has_void:
        with np.errstate(over="ignore"):
            others = np.exp(log_more) * levels.log_masses[0]
        return np.append(others, ratio)
    return ratio


def _hard(levels: Levels, log_n: float, beta: float) -> Float64[np.ndarray, " k"]:
    if beta > 0:
        return Fixed(log_n).log_ratio(levels)
    mirrored = Levels(-levels.rewards[::-1], levels.log_masses[::-1])
    return Fixed(log_n).log_ratio(mirrored)[::-1]


def _log_integrals(
    beta: float,
    rewards: Float64[np.ndarray, " k"],
    log_m: Float64[np.ndarray, " k"],
    log_more: float,
) -> Float64[np.ndarray, " k"]:
    """The logarithm of the integral for each level, over nodes in ``log s``, block by block."""
    log_a = beta * (rewards - rewards[-1 if beta > 0 else 0])
    log_mean = log_sum_exp(log_m + log_a)
    low = -max(0.0, log_more + log_mean) - _TAIL
    spans = _spans(log_a, log_more, low)
    if (count := sum(len(steps) for _, steps in spans)) * log_a.size > _WORK:
        raise InputError(
            f"beta is too large for soft best-of-n over {log_a.size} levels: weights span "
            f"{-log_a.min():.3g} nats, which takes {count} nodes; beta=inf gives best-of-n"
        )
    block = max(1, _CELLS // log_a.size)
    total = np.full(log_a.shape, -inf)
    for level, nodes in (
        (level, steps[i : i + block])
        for level, steps in spans
        for i in range(0, len(steps), block)
    ):
        away = _STEP * np.array(nodes)
        log_x = away[:, None] + beta * (rewards - rewards[level])  # digits that log_a lacks
        log_x = np.minimum(log_x, _GONE)
        cost = _log_transform(log_x, log_m, log_more)
        # levels cannot gain more than the walk from the low end; the rest is skipped
        near = cost < away - log_a[level] - low + _TAIL
        if near.any():
            terms = log_x[near] - np.exp(log_x[near]) - cost[near, None]
            total = np.logaddexp(total, _log_sums(terms.T))
    return total + log(_STEP)


def _spans(
    log_a: Float64[np.ndarray, " k"], log_more: float, low: float
) -> list[tuple[int, range]]:
    """Nodes near which some level's weight counts: a level and steps from it, span by span."""
    order, reach = np.argsort(-log_a), max(0.0, log_more) + _TAIL
    # levels further apart than this are in spans of their own, however far, and lose no digit
    apart = np.minimum(-np.diff(log_a[order]), 2 * reach)
    centres = np.append(0.0, np.cumsum(apart))
    begins = np.maximum(centres - reach, low)
    ends = centres + log(_TAIL) + 3.0
    cuts = np.flatnonzero(begins[1:] > ends[:-1] + 2 * _STEP) + 1
    first, last = np.append(0, cuts), np.append(cuts, centres.size) - 1
    starts = np.floor((begins[first] - centres[first]) / _STEP).astype(int).tolist()
    stops = np.ceil((ends[last] - centres[first]) / _STEP).astype(int).tolist()
    spans = zip(order[first].tolist(), starts, stops, strict=True)
    return [(level, range(start, stop)) for level, start, stop in spans]


def _log_transform(
    log_x: Float64[np.ndarray, "m k"], log_m: Float64[np.ndarray, " k"], log_more: float
) -> Float64[np.ndarray, " m"]:
    """``-(n - 1) log L`` at each node, from ``1 - L`` where that is the smaller."""
    with np.errstate(over="ignore", divide="ignore"):
        log_missing = _log_sums(log_m + log_x + log_one_minus_exp_ratio(log_x))
        rest = np.minimum(_log_sums(log_m - np.exp(log_x)), 0.0)
        small = np.log(-np.log1p(-np.exp(np.minimum(log_missing, -0.5))))
        small = np.where(log_missing < -36.0, log_missing, small)
        exponent = np.where(log_missing < -0.5, small, np.log(-rest))
        return np.asarray(np.exp(log_more + exponent))


def _log_sums(x: Float64[np.ndarray, "a b"]) -> Float64[np.ndarray, " a"]:
    top = np.maximum(x.max(axis=1), -1e300)
    with np.errstate(divide="ignore"):
        return np.asarray(top + np.log(np.exp(x - top[:, None]).sum(axis=1)))
