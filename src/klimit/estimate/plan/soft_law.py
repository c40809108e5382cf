"""Soft best-of-n on the draws of one prompt, whole and with each draw left out."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float64, Int64

from klimit.core.results import Result
from klimit.estimate.best_of.order_statistics import (
    redrawn_shares,
    subset_shares,
    without_one,
)
from klimit.estimate.plan.left_out import LeftOut, corrected
from klimit.estimate.weighted_sums import product

__all__ = ["SoftLaw", "soft_law"]

_STEP = 0.7  # of the trapezoidal rule, which errs by about exp(-pi**2 / step)
_TAIL = 20.0  # nats of the integrand that are left out at its lower end,
_HEAD = 3.7  # and beyond which it is 0 at its upper one
_GONE = 50.0  # logarithm of an x from which exp(-x) is 0
_APART = 100.0  # nats beyond log n: draws further apart are as good as infinitely far


@dataclass(frozen=True, slots=True, eq=False)
class SoftLaw(Result):
    """What soft best-of-n keeps at one prompt; draws are left out by rising reward.

    Attributes:
        reward: Its expected reward.
        kl: Its divergence from the reference policy, in nats.
    """

    reward: LeftOut
    kl: LeftOut


def soft_law(rewards: Float64[np.ndarray, " m"], *, n: int, beta: float) -> SoftLaw:
    r"""Soft best-of-n on the law of the draws, by the integral that ``exact`` takes.

    .. math:: w_i = n \int_0^\infty a_i e^{-s a_i} L(s)^{n - 1} \, ds, \quad a = e^{\beta r}

    is the density of what is kept at draw ``i``. Leaving out draw ``j`` changes the mean ``L``
    of the exponentials alone, so that all ``m`` laws are one product of matrices. Each is that
    of :func:`klimit.soft_best_of_n` on the draws within 1e-5. The reward is that of best-of-n,
    which has no bias where there are more than ``n`` draws, less what the softer choice loses.

    Args:
        rewards: Rewards of one prompt's draws, shape ``(m,)``.
        n: Number of draws of which one is kept, at least 1.
        beta: Inverse temperature of the choice.

    Returns:
        Reward and divergence.

    Example:
        >>> law = soft_law(np.array([0.0, 1.0]), n=2, beta=1.0)
        >>> round(law.reward.value, 4)  # 0.6155 on the two draws, less its bias
        0.7311
    """
    m, ranked = rewards.size, np.sort(rewards)
    top = float(ranked[-1])
    apart = float(np.log(n)) + _APART
    steps = np.minimum(beta * np.diff(ranked), apart)
    log_a = -np.cumsum(np.append(steps, 0.0)[::-1])[::-1]
    gained, lost = ranked - top, _below_best(ranked, np.flatnonzero(steps == apart) + 1)
    low = -np.log(n * np.exp(log_a).mean()) - _TAIL
    tau = low + _STEP * _nodes(log_a, low)
    x = np.exp(np.minimum(tau + log_a[:, None], _GONE))
    falls = np.exp(-x)
    density = n * _STEP * x * falls
    total = falls.sum(axis=0)
    weights = density @ (total / m) ** (n - 1)
    weights /= weights.mean()  # 1 but for the error of the rule
    best, redrawn = _rank_shares(m, n)
    reward = float(gained @ best + lost @ (weights / m - redrawn))
    kl = float(_entropic(weights).mean())
    if m == 1:
        return SoftLaw(LeftOut(top, np.empty(0)), LeftOut(kl, np.empty(0)))
    others = (np.maximum(total - falls, 0.0) / (m - 1)) ** (n - 1)
    left = product(density, others.T)
    np.fill_diagonal(left, 0.0)
    left /= left.sum(axis=0) / (m - 1)
    best, redrawn = _rank_shares(m - 1, n, left_out=1)
    rewards_left = lost @ left / (m - 1)
    rewards_left += _without_each(gained, best) - _without_each(lost, redrawn)
    kls_left = _entropic(left).sum(axis=0) / (m - 1)
    law = corrected(reward, rewards_left)
    return SoftLaw(LeftOut(top + law.value, top + law.left), corrected(kl, kls_left))


def _below_best(
    ranked: Float64[np.ndarray, " m"], starts: Int64[np.ndarray, " g"]
) -> Float64[np.ndarray, " m"]:
    """How far draws lie below the best of their group, as numbers up to 0.

    Between groups, begun at ``starts``, the softer choice loses nothing to the best.
    """
    edges = np.concatenate([[0], starts, [ranked.size]])
    return np.asarray(ranked - np.repeat(ranked[edges[1:] - 1], np.diff(edges)))


@lru_cache(maxsize=64)
def _rank_shares(
    m: int, n: int, *, left_out: int = 0
) -> tuple[Float64[np.ndarray, " m"], Float64[np.ndarray, " m"]]:
    """Shares of the ranks in best-of-n, without bias where draws are enough, and redrawn."""
    redrawn = redrawn_shares(m, n)
    return (subset_shares(m, n) if n < m + left_out else redrawn), redrawn


def _without_each(
    ranked: Float64[np.ndarray, " m"], shares: Float64[np.ndarray, " r"]
) -> Float64[np.ndarray, " m"]:
    """A mean that gives each rank a share, with each draw left out."""
    first = ranked[1:] @ shares
    left: Float64[np.ndarray, " m"] = first + without_one(ranked[None, :], shares=shares)[0]
    return left


def _nodes(log_a: Float64[np.ndarray, " m"], low: float) -> Int64[np.ndarray, " t"]:
    """Steps of the rule from ``low`` on where some draw's integrand is not negligible."""
    first = np.unique(np.floor((-log_a - _TAIL - low) / _STEP).astype(np.int64))
    window = np.arange(int((_TAIL + _HEAD) / _STEP) + 2)
    nodes = np.unique(first[:, None] + window)
    return nodes[nodes >= 0]


def _entropic(w: Float64[np.ndarray, "..."]) -> Float64[np.ndarray, "..."]:
    """``w log w``, 0 at 0."""
    return np.asarray(w * np.log(np.maximum(w, 1e-300)))
