"""The law of a reward summed along a sequence."""

from dataclasses import dataclass
from functools import cached_property
from numbers import Integral

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike

from klimit.core.errors import InputError
from klimit.core.numerics import log1mexp
from klimit.exact.finite import FiniteModel
from klimit.exact.levels import Grouping, Levels

__all__ = ["LARGEST", "TotalReward", "checked_length", "with_void"]

LARGEST = 2**24  # levels, or symbols, of a law that is kept in full


@dataclass(frozen=True, eq=False, init=False)
class TotalReward(FiniteModel):
    """The law of the total reward of a sequence: its outcomes are the totals, in order.

    Whatever takes a ``FiniteModel`` takes it. Policies that see a sequence through its total
    reward alone (tilts, best-of-N) differ on sequences exactly as they do on totals, so every
    divergence and mean is that of the sequences.

    Attributes:
        log_probs: Log-probabilities of the totals in nats, shape ``(k,)``.
        rewards: The totals, increasing, shape ``(k,)``; the first is ``-inf`` where sequences
            that must not be are possible.
        length: Number of rewards that are summed.
        span: Step of the lattice on which all finite totals lie; ``None`` where there is none,
            0 where there is one total.
        symbols: The law of one summand where summands are independent, else ``None``.
    """

    length: int
    span: float | None
    symbols: FiniteModel | None

    def __init__(
        self,
        log_probs: ArrayLike,
        rewards: ArrayLike,
        *,
        length: int,
        span: float | None,
        symbols: FiniteModel | None = None,
    ) -> None:
        """Check and normalise.

        Args:
            log_probs: Log-probabilities in nats that sum to 1 within ``1e-9``.
            rewards: Totals, nondecreasing.
            length: Number of rewards that are summed.
            span: Step of the lattice, if there is one.
            symbols: The law of one summand where summands are independent.

        Raises:
            InputError: ``log_probs`` is no distribution.
        """
        super().__init__(log_probs, rewards)
        for name, value in (("length", length), ("span", span), ("symbols", symbols)):
            object.__setattr__(self, name, value)

    @cached_property
    def grouping(self) -> Grouping:
        """Totals as levels; they are sorted already."""
        if np.all(self.log_probs > -np.inf) and np.all(np.diff(self.rewards) > 0):
            levels = Levels(self.rewards, self.log_probs)
            return Grouping(levels, np.arange(self.rewards.size))
        return FiniteModel(self.log_probs, self.rewards).grouping


def checked_length(length: object) -> int:
    """A number of symbols.

    Args:
        length: An integer.

    Returns:
        The same as a Python integer.

    Raises:
        InputError: It is no integer, below 1 or beyond ``LARGEST``.

    Example:
        >>> checked_length(3)
        3
    """
    if isinstance(length, bool | np.bool_) or not isinstance(length, Integral):
        raise InputError(f"length must be an integer, got {length!r}")
    number = int(length)
    if number < 1:
        raise InputError(f"length must be at least 1, got {number}")
    if number > LARGEST:
        raise InputError(f"length must be at most {LARGEST}, got {number}; use rate beyond")
    return number


def with_void(
    log_probs: Float64[np.ndarray, " k"], rewards: Float64[np.ndarray, " k"], log_kept: float
) -> tuple[Float64[np.ndarray, " l"], Float64[np.ndarray, " l"]]:
    """A law of finite totals, and beside it the sequences whose total is ``-inf``.

    Args:
        log_probs: Log-probabilities given a finite total.
        rewards: Finite totals.
        log_kept: Log-probability of a finite total.

    Returns:
        Log-probabilities and totals, with a first level ``-inf`` where that is possible.
    """
    if log_kept == 0.0:
        return log_probs, rewards
    void = float(log1mexp(log_kept))
    return np.append(void, log_probs + log_kept), np.append(-np.inf, rewards)
