"""A random number of draws with a law of its own: a mixture of fixed numbers."""

from dataclasses import dataclass
from math import exp, inf

import numpy as np
from jaxtyping import Float64

from klimit.core.numerics import log_sum_exp
from klimit.exact.counts import Count, Fixed
from klimit.exact.levels import Levels

__all__ = ["SpreadCount"]

_LARGEST = 709.0  # nats: about the logarithm of the largest float


@dataclass(frozen=True, slots=True, eq=False)
class SpreadCount(Count):
    """One of several numbers of draws, each with its probability.

    Attributes:
        log_weights: Log-probability of each number, in nats, shape ``(j,)``.
        log_n: Logarithm of each, any nonnegative one, shape ``(j,)``.
    """

    log_weights: Float64[np.ndarray, " j"]
    log_n: Float64[np.ndarray, " j"]

    @property
    def log_mean(self) -> float:
        """Logarithm of the mean number of draws."""
        return log_sum_exp(self.log_weights + self.log_n)

    @property
    def mean(self) -> float:
        """Mean number of draws; ``inf`` where it is beyond floats."""
        return exp(self.log_mean) if self.log_mean < _LARGEST else inf

    @property
    def mean_log(self) -> float:
        """Mean of the logarithm."""
        return float(np.exp(self.log_weights) @ self.log_n)

    @property
    def std_log(self) -> float:
        """Standard deviation of the logarithm."""
        return float(np.sqrt(np.exp(self.log_weights) @ (self.log_n - self.mean_log) ** 2))

    def log_ratio(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        """The sum of those of fixed numbers, in logarithms."""
        total = np.full_like(levels.log_masses, -np.inf)
        for weight, log_n in zip(self.log_weights, self.log_n, strict=True):
            total = np.logaddexp(total, weight + Fixed(float(log_n)).log_ratio(levels))
        return total

    def missed(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        """The mean of those of fixed numbers."""
        parts = zip(np.exp(self.log_weights), self.log_n, strict=True)
        return np.asarray(sum(w * Fixed(float(n)).missed(levels) for w, n in parts))

    def reached(self, levels: Levels) -> Float64[np.ndarray, " k"]:
        """The mean of those of fixed numbers."""
        parts = zip(np.exp(self.log_weights), self.log_n, strict=True)
        return np.asarray(sum(w * Fixed(float(n)).reached(levels) for w, n in parts))
