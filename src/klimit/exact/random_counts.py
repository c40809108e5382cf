"""Random numbers of draws, ready made."""

from dataclasses import dataclass
from math import exp, expm1, inf, log, log1p

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.core.numerics import log_one_minus_exp_ratio
from klimit.core.scalars import real
from klimit.exact.counts import Count
from klimit.exact.levels import Levels

__all__ = [
    "Geometric",
    "OnePlusPoisson",
    "ZeroTruncatedPoisson",
    "geometric",
    "one_plus_poisson",
    "zero_truncated_poisson",
]


@dataclass(frozen=True, slots=True)
class ZeroTruncatedPoisson(Count):
    """A Poisson number given that it is positive: the exact tilt of the quantile.

    Attributes:
        rate: Mean before zeros are taken out.
    """

    rate: float

    @property
    def mean(self) -> float:
        """Mean number of draws."""
        return self.rate / -expm1(-self.rate)

    def __call__(self, s: float) -> float:
        """The generating function at ``s`` in [0, 1]."""
        return exp(self.rate * (s - 1)) * expm1(-self.rate * s) / expm1(-self.rate)

    def log_ratio(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        """``-c S - log((1 - exp(-c)) / c) + log((1 - exp(-c m)) / (c m))``."""
        log_c = log(self.rate)
        within = log_one_minus_exp_ratio(log_c + levels.log_masses)
        whole = log_one_minus_exp_ratio(log_c)
        return np.asarray(within - whole - np.exp(log_c + levels.log_survival))

    def missed(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        """``exp(-c S) (1 - exp(-c F)) / (1 - exp(-c))``."""
        share = np.expm1(-self.rate * np.exp(levels.log_cdf)) / expm1(-self.rate)
        return np.asarray(np.exp(-np.exp(log(self.rate) + levels.log_survival)) * share)

    def reached(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        """``(1 - exp(-c S)) / (1 - exp(-c))``."""
        rate = np.exp(log(self.rate) + levels.log_survival)
        return np.asarray(np.expm1(-rate) / expm1(-self.rate))


@dataclass(frozen=True, slots=True)
class OnePlusPoisson(Count):
    """One and a Poisson number more, ``G(s) = s exp(rate (s - 1))``.

    Attributes:
        rate: Mean of the Poisson number.
    """

    rate: float

    @property
    def mean(self) -> float:
        """Mean number of draws."""
        return 1.0 + self.rate

    def __call__(self, s: float) -> float:
        """The generating function at ``s`` in [0, 1]."""
        return s * exp(self.rate * (s - 1))

    def log_ratio(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        """``-c S + log(1 + c F_below (1 - exp(-c m)) / (c m))``."""
        log_c = log(self.rate) if self.rate else -inf
        within = log_one_minus_exp_ratio(log_c + levels.log_masses)
        bonus = np.append(-inf, levels.log_cdf[:-1]) + log_c + within
        return np.asarray(np.logaddexp(0.0, bonus) - np.exp(log_c + levels.log_survival))

    def missed(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        """``F exp(-c S)``."""
        rate = self.rate * np.exp(levels.log_survival)
        return np.asarray(np.exp(levels.log_cdf - rate))

    def reached(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        """``S exp(-c S) + (1 - exp(-c S))``."""
        survival = np.exp(levels.log_survival)
        first = survival * np.exp(-self.rate * survival)
        return np.asarray(first - np.expm1(-self.rate * survival))


@dataclass(frozen=True, slots=True)
class Geometric(Count):
    """Draw until a coin says stop, ``G(s) = p s / (1 - (1 - p) s)``.

    Attributes:
        p: Chance of stopping after each draw.
    """

    p: float

    @property
    def mean(self) -> float:
        """Mean number of draws."""
        return 1.0 / self.p

    def __call__(self, s: float) -> float:
        """The generating function at ``s`` in [0, 1]."""
        return self.p * s / (self.p + (1 - self.p) * (1 - s))

    def log_ratio(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        """``log(1 + o F_below / (1 + o S_below)) - log(1 + o S)`` with odds ``o = q / p``."""
        log_odds = log1p(-self.p) - log(self.p) if self.p < 1.0 else -inf
        before = np.logaddexp(0.0, log_odds + np.append(0.0, levels.log_survival[:-1]))
        bonus = log_odds + np.append(-inf, levels.log_cdf[:-1]) - before
        tail = np.logaddexp(0.0, log_odds + levels.log_survival)
        return np.asarray(np.logaddexp(0.0, bonus) - tail)

    def missed(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        """``p F / (p + q S)``."""
        return np.asarray(self.p * np.exp(levels.log_cdf) / self._stops(levels))

    def reached(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        """``S / (p + q S)``."""
        return np.asarray(np.exp(levels.log_survival) / self._stops(levels))

    def _stops(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        return np.asarray(self.p + (1.0 - self.p) * np.exp(levels.log_survival))


def zero_truncated_poisson(rate: float) -> ZeroTruncatedPoisson:
    r"""A Poisson number of draws given that there is one.

    .. math:: G(s) = \frac{e^{cs} - 1}{e^c - 1}

    Best-of-N with it is exactly the tilt of the reward's quantile by ``c``, the policy of the
    largest win rate within its KL.

    Args:
        rate: ``c``, positive and finite.

    Returns:
        The generating function, with its ``mean``.

    Raises:
        InputError: ``rate`` is out of range.

    Example:
        >>> round(zero_truncated_poisson(2.0).mean, 9)
        2.313035285
    """
    return ZeroTruncatedPoisson(_between("rate", rate, 0.0, inf))


def one_plus_poisson(rate: float) -> OnePlusPoisson:
    r"""One draw and a Poisson number more.

    .. math:: G(s) = s \, e^{\mu (s - 1)}

    Args:
        rate: ``mu``, nonnegative and finite.

    Returns:
        The generating function, with its ``mean``.

    Raises:
        InputError: ``rate`` is out of range.

    Example:
        >>> one_plus_poisson(2.0).mean
        3.0
    """
    rate = real("rate", rate)
    return OnePlusPoisson(0.0 if rate == 0.0 else _between("rate", rate, 0.0, inf))


def geometric(p: float) -> Geometric:
    r"""Draw until a coin of chance ``p`` says stop.

    .. math:: G(s) = \frac{p s}{1 - (1 - p) s}

    Args:
        p: Chance of stopping after each draw, above 0 and at most 1.

    Returns:
        The generating function, with its ``mean``.

    Raises:
        InputError: ``p`` is out of range.

    Example:
        >>> geometric(0.25).mean
        4.0
    """
    p = real("p", p)
    return Geometric(p if p == 1.0 else _between("p", p, 0.0, 1.0))


def _between(name: str, value: object, low: float, high: float) -> float:
    number = real(name, value)
    if not low < number < high:
        raise InputError(f"{name} must lie between {low:g} and {high:g}, got {number:g}")
    return number
