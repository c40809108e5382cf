"""Growth rates of sums along a chain, from roots of Perron."""

from dataclasses import dataclass
from math import copysign, inf

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.core.numerics import kl_from_ratio
from klimit.core.roots import Sample, increasing_root
from klimit.exact.chain_input import one_class
from klimit.exact.chain_sums import balanced
from klimit.exact.markov import Markov

__all__ = ["chain_rate", "chain_scaled_cgf"]

_DOUBLINGS = 60
_CLOSE = 1e-13
_LAZY = 30  # squarings after which a lazy chain has forgotten where it began


@dataclass(frozen=True, slots=True, eq=False)
class _Growth:
    """The long run of a chain under a tilt: its root, its steps, how often each is taken."""

    log_root: float
    log_steps: Float64[np.ndarray, "s s"]
    visits: Float64[np.ndarray, " s"]
    mean: float


def chain_scaled_cgf(chain: Markov, t: float, beta: float) -> float:
    """The limit of the scaled cumulant generating function under a tilt.

    Args:
        chain: The chain.
        t: Where to evaluate.
        beta: Inverse temperature of the tilt that paths are drawn from.

    Returns:
        The function in nats per step.

    Raises:
        InputError: The chain has several classes of states.
    """
    log_p, rewards = _single(chain)
    roots = [_growth(log_p, rewards, theta).log_root for theta in (beta, beta + t)]
    return roots[1] - roots[0]


def chain_rate(chain: Markov, x: float, beta: float) -> float:
    """The rate function of the mean reward per step under a tilt.

    Args:
        chain: The chain.
        x: The mean reward per step.
        beta: Inverse temperature of the tilt that paths are drawn from.

    Returns:
        The rate in nats per step, ``inf`` outside what cycles of the chain attain.

    Raises:
        InputError: The chain has several classes of states.
    """
    log_p, rewards = _single(chain)
    high = _largest_cycle(log_p, rewards)
    low = -_largest_cycle(log_p, -rewards)
    blur = 1e-14 * max(abs(low), abs(high))
    if not low - blur <= x <= high + blur:
        return inf
    reference = _growth(log_p, rewards, beta)
    if x == reference.mean or high - low <= blur:
        return 0.0
    sign = copysign(1.0, x - reference.mean)
    if (high - x if sign > 0 else x - low) <= blur:  # pragma: no branch  (a function follows)
        return _extreme_root(log_p, rewards - x, sign) + reference.log_root - beta * x

    def excess(shift: float) -> Sample:
        found = _growth(log_p, rewards, beta + sign * shift)
        return Sample(sign * (found.mean - x), 0.0)

    shift = increasing_root(excess, start=1.0 / (high - low))
    return _divergence(_growth(log_p, rewards, beta + sign * shift), reference)


def _single(chain: Markov) -> tuple[Float64[np.ndarray, "s s"], Float64[np.ndarray, "s s"]]:
    kept, log_p, rewards = chain.finite_part()
    if kept.sum() == 0 or not one_class(log_p > -inf):
        raise InputError(
            "growth rates need a chain drawn into one class of states, got several; take one "
            "class at a time"
        )
    return log_p, rewards


def _growth(
    log_p: Float64[np.ndarray, "s s"], rewards: Float64[np.ndarray, "s s"], theta: float
) -> _Growth:
    log_root, log_v = balanced(log_p + theta * rewards)
    log_q = log_p + theta * rewards + log_v - log_v[:, None] - log_root
    steps = np.exp(log_q)
    steps /= steps.sum(axis=1, keepdims=True)
    lazy = (np.eye(len(steps)) + steps) / 2
    for _ in range(_LAZY):
        lazy = lazy @ lazy
        lazy /= lazy.sum(axis=1, keepdims=True)
    visits = lazy[0]
    flow = visits[:, None] * steps
    return _Growth(log_root, log_q, visits, float((flow * rewards).sum()))


def _divergence(a: _Growth, b: _Growth) -> float:
    """Divergence per step of one chain from another, as a sum of nonnegative terms."""
    used = b.log_steps > -inf
    rows = [
        visit * kl_from_ratio(base[some], policy[some] - base[some])
        for visit, policy, base, some in zip(
            a.visits, a.log_steps, b.log_steps, used, strict=True
        )
    ]
    return float(sum(rows))


def _extreme_root(
    log_p: Float64[np.ndarray, "s s"], rewards: Float64[np.ndarray, "s s"], sign: float
) -> float:
    """Minus the limit of the root where the best cycle has reward 0."""
    last, theta = inf, sign
    for _ in range(_DOUBLINGS):  # pragma: no branch  (it converges long before)
        found = _growth(log_p, rewards, theta).log_root
        if abs(found - last) <= _CLOSE * abs(found):
            break
        last, theta = found, 2 * theta
    return -found


def _largest_cycle(
    log_p: Float64[np.ndarray, "s s"], rewards: Float64[np.ndarray, "s s"]
) -> float:
    """The largest mean reward of a cycle, by Karp's theorem."""
    size = len(log_p)
    steps = np.where(log_p > -inf, rewards, -inf)
    best = np.full((size + 1, size), -inf)
    best[0] = 0.0
    for k in range(size):
        best[k + 1] = (best[k][:, None] + steps).max(axis=0)
    ends = np.flatnonzero(best[size] > -inf)
    gaps = best[size][ends] - best[:size][:, ends]
    means = gaps / (size - np.arange(size))[:, None]
    return float(means.min(axis=0).max())
