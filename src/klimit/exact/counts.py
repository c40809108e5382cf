"""How many draws: a number of them, by its probability generating function."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from math import exp, inf

import numpy as np
from jaxtyping import Float64

from klimit.core.numerics import log1mexp, log_one_minus_exp_ratio
from klimit.core.results import Result
from klimit.exact.levels import Levels

__all__ = ["Count", "Custom", "Fixed"]

_NEXT = 2.0**-30


class Count(Result, ABC):
    """A number of draws, at least one; of them the best is kept.

    Each kind states, for levels of distribution function ``F`` and survival ``S = 1 - F``,
    three things of its generating function ``G`` in a form that does not cancel.
    """

    __slots__ = ()

    @property
    @abstractmethod
    def mean(self) -> float:
        """Mean number of draws."""

    @abstractmethod
    def log_ratio(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        """``log((G(F) - G(F_below)) / (F - F_below))`` of each level."""

    @abstractmethod
    def missed(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        """``G(F)``: the chance that no draw lies above each level."""

    @abstractmethod
    def reached(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        """``1 - G(F)``: the chance that a draw lies above each level."""


@dataclass(frozen=True, slots=True)
class Fixed(Count):
    """Always the same number, ``G(s) = s**n``.

    Attributes:
        log_n: Its logarithm.
    """

    log_n: float

    @property
    def mean(self) -> float:
        """The number itself, ``inf`` where that overflows."""
        return exp(self.log_n) if self.log_n < 709.0 else inf

    def log_ratio(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        r"""With ``h = -log F`` and ``d = log F - log F_below``, all in logarithms.

        .. math:: -(N-1) h + \log\left(1 + \frac{1 - e^{-(N-1) d}}{e^d - 1}\right)
        """
        if self.log_n == 0.0:
            return np.zeros_like(levels.log_masses)
        log_more = self.log_n + float(log1mexp(-self.log_n))
        log_d = np.minimum(levels.log_step, 7.0)  # beyond exp(7) the bonus is 0 in any case
        log_x = log_more + log_d
        log_denominator = np.exp(log_d) + log_d + log_one_minus_exp_ratio(log_d)
        # the bonus of the draws beyond the first, whether few or many meet the level
        many = log1mexp(-np.exp(np.clip(log_x, 0.0, 7.0))) - log_denominator
        few = log_more + log_one_minus_exp_ratio(np.minimum(log_x, 0.0)) + log_d
        bonus = np.where(log_x > 0.0, many, few - log_denominator)
        with np.errstate(over="ignore"):
            return np.asarray(np.logaddexp(0.0, bonus) - np.exp(log_more + levels.log_decay))

    def missed(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        """``exp(-n h)``."""
        return np.asarray(np.exp(-self._exponent(levels)))

    def reached(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        """``1 - exp(-n h)``."""
        return np.asarray(-np.expm1(-self._exponent(levels)))

    def _exponent(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(self.log_n + levels.log_decay))


@dataclass(frozen=True, slots=True)
class Custom(Count):
    """Any other generating function, within rounding of 1 of each probability.

    Attributes:
        function: Called with numbers in [0, 1].
    """

    function: Callable[[float], float]

    @property
    def mean(self) -> float:
        """Mean number of draws, by a difference at 1: its order of magnitude."""
        return max((1.0 - float(self.function(1.0 - _NEXT))) / _NEXT, 1.0)

    def log_ratio(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        """By differences, as they come."""
        below = np.append(self.function(0.0), self.missed(levels)[:-1])
        with np.errstate(divide="ignore"):
            kept = np.log(np.maximum(self.missed(levels) - below, 0.0))
        return np.asarray(kept - levels.log_masses)

    def missed(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        """``G(F)``."""
        return np.array([float(self.function(float(s))) for s in np.exp(levels.log_cdf)])

    def reached(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        """``1 - G(F)``."""
        return 1.0 - self.missed(levels)
