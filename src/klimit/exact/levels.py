"""The law of the reward under the reference policy: everything that tilts and best-of-N see."""

from dataclasses import dataclass
from functools import cached_property
from math import exp, frexp, inf, isfinite, log

import numpy as np
from jaxtyping import Float64, Int64

from klimit.core.numerics import (
    log1mexp,
    log_cumsum_exp,
    log_minus_log1mexp,
    log_sum_exp,
)

__all__ = ["Grouping", "Levels", "group", "rescaled"]

_HALF = log(0.5)


# Not slotted: cached properties live in the instance's dictionary.
@dataclass(frozen=True, eq=False)
class Levels:
    """Distinct rewards in increasing order and the log-mass of each.

    The first may be ``-inf``: outcomes that must not be. Levels need not be distinct where an
    order among ties has been imposed.

    Attributes:
        rewards: Reward of each level, nondecreasing, shape ``(k,)``.
        log_masses: Log-probability of each level, finite, summing to 1, shape ``(k,)``.
    """

    rewards: Float64[np.ndarray, " k"]
    log_masses: Float64[np.ndarray, " k"]

    @property
    def has_void(self) -> bool:
        """Whether the lowest level is ``-inf``."""
        return bool(self.rewards[0] == -np.inf)

    @cached_property
    def attainable(self) -> "Levels":
        """The law given a finite reward."""
        if not self.has_void:
            return self
        return Levels(self.rewards[1:], self.log_masses[1:] + self.floor_kl)

    @cached_property
    def floor_kl(self) -> float:
        """The KL that a finite mean reward costs at least, in nats: 0 but for ``-inf``."""
        return -_log_rest(self.log_masses[:1], self.log_masses[1:]) if self.has_void else 0.0

    @cached_property
    def ceiling_kl(self) -> float:
        """The KL of the best outcomes alone, in nats."""
        return -_log_rest(self.log_masses[:-1], self.log_masses[-1:])

    @cached_property
    def bottom_kl(self) -> float:
        """The KL of the worst outcomes alone, in nats."""
        return -_log_rest(self.log_masses[1:], self.log_masses[:1])

    @cached_property
    def exponent(self) -> int:
        """The power of two just above the range of finite rewards; 0 if they are constant."""
        low, high = (float(x) for x in self.attainable.rewards[[0, -1]])
        spread = high - low
        return frexp(spread)[1] if isfinite(spread) else frexp(high / 2 - low / 2)[1] + 1

    @cached_property
    def scaled(self) -> Float64[np.ndarray, " k"]:
        """Rewards over ``2**exponent``, so that a factor on them has no unit."""
        return np.asarray(np.ldexp(self.rewards, -self.exponent))

    @cached_property
    def center(self) -> float:
        """Mean of the scaled rewards."""
        anchor = float(self.scaled[int(np.argmax(self.log_masses))])
        return anchor + float(np.exp(self.log_masses) @ (self.scaled - anchor))

    @cached_property
    def spread(self) -> float:
        """Variance of the scaled rewards."""
        return float(np.exp(self.log_masses) @ (self.scaled - self.center) ** 2)

    @cached_property
    def mean_reward(self) -> float:
        """Mean reward; ``-inf`` where that has positive probability."""
        return -inf if self.has_void else rescaled(self.center, self.exponent)

    @cached_property
    def log_survival(self) -> Float64[np.ndarray, " k"]:
        """Log-probability of a level strictly above, accumulated from the top."""
        above = log_cumsum_exp(self.log_masses[:0:-1])[::-1]
        return np.asarray(np.minimum(np.append(above, -np.inf), 0.0))

    @cached_property
    def log_cdf(self) -> Float64[np.ndarray, " k"]:
        """Log-probability of a level at or below, accurate at both ends."""
        below = np.minimum(log_cumsum_exp(self.log_masses), 0.0)
        return np.where(self.log_survival < _HALF, log1mexp(self.log_survival), below)

    @cached_property
    def log_decay(self) -> Float64[np.ndarray, " k"]:
        """``log(-log_cdf)``, without loss where the distribution function is nearly 1."""
        with np.errstate(divide="ignore"):
            far = np.log(-self.log_cdf)
        near = log_minus_log1mexp(self.log_survival)
        return np.where(self.log_survival < _HALF, near, far)

    @cached_property
    def log_step(self) -> Float64[np.ndarray, " k"]:
        """``log(log_cdf[i] - log_cdf[i - 1])`` without cancellation; ``inf`` at the bottom."""
        share = np.minimum(self.log_masses - self.log_cdf, 0.0)
        share[0] = 0.0
        before = np.append(-np.inf, self.log_cdf[:-1])
        with np.errstate(divide="ignore"):
            coarse = np.log(np.maximum(self.log_cdf - before, 0.0))
        return np.where(share < _HALF, log_minus_log1mexp(share), coarse)


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """Outcomes sorted into levels.

    Attributes:
        levels: The law of the reward.
        index: Level of each outcome, shape ``(k,)``; -1 where an outcome is impossible.
    """

    levels: Levels
    index: Int64[np.ndarray, " k"]

    def spread(self, by_level: Float64[np.ndarray, " l"]) -> Float64[np.ndarray, " k"]:
        """What each level has, given to each of its outcomes.

        Args:
            by_level: One number a level.

        Returns:
            One number an outcome; 0 where it is impossible.
        """
        return np.where(self.index < 0, 0.0, by_level[self.index])


def group(
    log_probs: Float64[np.ndarray, " k"],
    rewards: Float64[np.ndarray, " k"],
    *,
    split_ties: bool,
) -> Grouping:
    """Sort outcomes into levels; equal stored rewards are one level.

    Args:
        log_probs: Normalised log-probabilities; impossible outcomes are left out.
        rewards: Reward of each outcome.
        split_ties: Every outcome is a level of its own, among equals the first the highest.

    Returns:
        The levels and each outcome's level.

    Example:
        >>> rewards = np.array([1.0, 0.0, 1.0])
        >>> found = group(np.log([0.25, 0.5, 0.25]), rewards, split_ties=False)
        >>> found.levels.rewards, found.index
        (array([0., 1.]), array([1, 0, 1]))
    """
    support = np.flatnonzero(log_probs > -np.inf)
    # backwards and stable, so that among equals the first outcome ends up the highest
    backwards = support[::-1]
    order = backwards[np.argsort(rewards[backwards], kind="stable" if split_ties else None)]
    values, masses = rewards[order], log_probs[order]
    new = np.ones(order.size, dtype=bool)
    if not split_ties:
        np.not_equal(values[1:], values[:-1], out=new[1:])
    index = np.full(log_probs.size, -1)
    index[order] = np.cumsum(new) - 1
    starts = np.flatnonzero(new)
    return Grouping(Levels(values[starts], _merge(masses, starts)), index)


def rescaled(value: float, exponent: int) -> float:
    """``value * 2**exponent``, ``inf`` where that overflows.

    Args:
        value: A float.
        exponent: Power of two.

    Returns:
        The product.
    """
    with np.errstate(over="ignore"):
        return float(np.ldexp(value, exponent))


def _merge(
    log_masses: Float64[np.ndarray, " k"], starts: Int64[np.ndarray, " l"]
) -> Float64[np.ndarray, " l"]:
    if starts.size == log_masses.size:
        return log_masses
    top = np.maximum.reduceat(log_masses, starts)
    sizes = np.diff(np.append(starts, log_masses.size))
    share = np.add.reduceat(np.exp(log_masses - np.repeat(top, sizes)), starts)
    return np.where(sizes == 1, top, top + np.log(share))


def _log_rest(inside: Float64[np.ndarray, " a"], outside: Float64[np.ndarray, " b"]) -> float:
    """Log-mass of ``outside``, from what lies inside where that is the smaller."""
    log_inside = log_sum_exp(inside)
    if log_inside < _HALF:
        return float(np.log1p(-exp(log_inside)))
    return min(log_sum_exp(outside), 0.0)
