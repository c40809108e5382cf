"""Soft best-of-n on the draws of one prompt, whole and with each draw left out."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from klimit.core.results import Result
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
    """What soft best-of-n keeps at one prompt.

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
    of :func:`klimit.soft_best_of_n` on the draws within 1e-5.

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
    m, top = rewards.size, float(rewards.max())
    below = rewards - top
    log_a = _closer(beta * below, apart=float(np.log(n)) + _APART)
    low = -np.log(n * np.exp(log_a).mean()) - _TAIL
    tau = low + _STEP * _nodes(log_a, low)
    x = np.exp(np.minimum(tau + log_a[:, None], _GONE))
    falls = np.exp(-x)
    density = n * _STEP * x * falls
    total = falls.sum(axis=0)
    weights = density @ (total / m) ** (n - 1)
    weights /= weights.mean()  # 1 but for the error of the rule
    reward, kl = top + float((weights * below).mean()), float(_entropic(weights).mean())
    if m == 1:
        return SoftLaw(LeftOut(reward, np.empty(0)), LeftOut(kl, np.empty(0)))
    others = (np.maximum(total - falls, 0.0) / (m - 1)) ** (n - 1)
    left = product(density, others.T)
    np.fill_diagonal(left, 0.0)
    left /= left.sum(axis=0) / (m - 1)
    return SoftLaw(
        corrected(reward, top + below @ left / (m - 1)),
        corrected(kl, _entropic(left).sum(axis=0) / (m - 1)),
    )


def _closer(log_a: Float64[np.ndarray, " m"], *, apart: float) -> Float64[np.ndarray, " m"]:
    """The same with larger gaps cut to ``apart``, so that far draws keep their digits."""
    order = np.argsort(-log_a)
    closer = np.empty_like(log_a)
    gaps = -np.diff(log_a[order], prepend=0.0)
    closer[order] = -np.cumsum(np.minimum(gaps, apart))
    return closer


def _nodes(log_a: Float64[np.ndarray, " m"], low: float) -> Int64[np.ndarray, " t"]:
    """Steps of the rule from ``low`` on where some draw's integrand is not negligible."""
    first = np.unique(np.floor((-log_a - _TAIL - low) / _STEP).astype(np.int64))
    window = np.arange(int((_TAIL + _HEAD) / _STEP) + 2)
    nodes = np.unique(first[:, None] + window)
    return nodes[nodes >= 0]


def _entropic(w: Float64[np.ndarray, "..."]) -> Float64[np.ndarray, "..."]:
    """``w log w``, 0 at 0."""
    return np.asarray(w * np.log(np.maximum(w, 1e-300)))
