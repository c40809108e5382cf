"""A reference policy on finitely many outcomes."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike

from klimit.core.errors import InputError
from klimit.core.results import Result
from klimit.exact.levels import Grouping, Levels, group

__all__ = ["FiniteModel", "normalised", "vector"]

_TOLERANCE = 1e-9


# Not slotted: the sorted levels are cached in the instance's dictionary.
@dataclass(frozen=True, eq=False, init=False)
class FiniteModel(Result):
    """A reference policy on ``k`` outcomes and the reward of each.

    Attributes:
        log_probs: Log-probabilities of the reference policy in nats, normalised, shape
            ``(k,)``; ``-inf`` marks an impossible outcome, whose reward is ignored.
        rewards: Reward of each outcome, shape ``(k,)``; ``-inf`` marks an outcome that must not
            be.
    """

    log_probs: Float64[np.ndarray, " k"]
    rewards: Float64[np.ndarray, " k"]

    def __init__(self, log_probs: ArrayLike, rewards: ArrayLike) -> None:
        """Check and normalise.

        Args:
            log_probs: Log-probabilities in nats that sum to 1 within ``1e-9``.
            rewards: Rewards, as many; equal numbers are ties.

        Raises:
            InputError: Lengths differ, ``log_probs`` is no distribution, or a reward of a
                possible outcome is ``nan``, ``inf`` or everywhere ``-inf``.

        Example:
            >>> FiniteModel(np.log([0.5, 0.5]), [0.0, 1.0]).rewards
            array([0., 1.])
        """
        log_p = normalised("log_probs", vector("log_probs", log_probs))
        r = vector("rewards", rewards)
        if log_p.shape != r.shape:
            raise InputError(
                "probabilities and rewards must be of one length, got "
                f"{log_p.size} and {r.size}"
            )
        _check_rewards(r, log_p > -np.inf)
        for name, array in (("log_probs", log_p), ("rewards", r)):
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @classmethod
    def from_probs(cls, probs: ArrayLike, rewards: ArrayLike) -> "FiniteModel":
        """Build a model from probabilities.

        Args:
            probs: Nonnegative probabilities that sum to 1 within ``1e-9``.
            rewards: Rewards, as many; equal numbers are ties.

        Returns:
            The model, its probabilities normalised to the last bit.

        Raises:
            InputError: Lengths differ, ``probs`` is no distribution, or a reward of a possible
                outcome is ``nan``, ``inf`` or everywhere ``-inf``.

        Example:
            >>> FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0]).rewards
            array([0., 1.])
        """
        p = vector("probs", probs)
        bad = np.flatnonzero(~((p >= 0) & (p < np.inf)))
        if bad.size:
            raise InputError(
                f"probs must be nonnegative and finite, got {p[bad[0]]} at outcome {bad[0]}"
            )
        if abs(p.sum() - 1.0) > _TOLERANCE:
            raise InputError(f"probs must sum to 1, got {p.sum():.12g}; divide by the sum")
        with np.errstate(divide="ignore"):
            return cls(np.log(p), rewards)

    @cached_property
    def grouping(self) -> Grouping:
        """Outcomes sorted into levels, ties together."""
        return group(self.log_probs, self.rewards, split_ties=False)

    def spread(self, by_level: Float64[np.ndarray, " l"]) -> Float64[np.ndarray, " k"]:
        """What each level has, given to each of its outcomes.

        Args:
            by_level: One number a level.

        Returns:
            One number an outcome; 0 where it is impossible.
        """
        return self.grouping.spread(by_level)

    @property
    def levels(self) -> Levels:
        """The law of the reward."""
        return self.grouping.levels

    def __len__(self) -> int:
        """Number of outcomes."""
        return self.rewards.size

    def __str__(self) -> str:
        """How many outcomes, and where their rewards lie."""
        low, high = self.levels.rewards[[0, -1]]
        return f"{type(self).__name__}({len(self)} outcomes, rewards {low:.6g} to {high:.6g})"


def vector(name: str, values: ArrayLike) -> Float64[np.ndarray, " k"]:
    """A copy of the argument as a vector of floats.

    Args:
        name: What messages call it.
        values: Numbers, one-dimensional.

    Returns:
        The vector, shape ``(k,)``.

    Raises:
        InputError: These are not numbers, not a vector, or there are none.

    Example:
        >>> vector("rewards", [1, 2])
        array([1., 2.])
    """
    try:
        given = np.asarray(values)
        real = given.dtype.kind in "biufO"
        array = np.array(given if real else np.nan, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{name} must be real numbers: {error}") from error
    if not real:
        raise InputError(f"{name} must be real numbers, got an array of {given.dtype}")
    if array.ndim != 1 or array.size == 0:
        raise InputError(
            f"{name} must be a vector of at least one number, got shape {array.shape}"
        )
    return array


def normalised(name: str, log_probs: Float64[np.ndarray, " k"]) -> Float64[np.ndarray, " k"]:
    """Log-probabilities whose rounding error in the sum is taken out.

    Args:
        name: What messages call it.
        log_probs: Logarithms of probabilities that sum to 1 within ``1e-9``.

    Returns:
        The same, summing to 1 within rounding.

    Raises:
        InputError: One is ``nan``, or the sum is not 1.

    Example:
        >>> normalised("log_probs", np.log(np.array([0.5, 0.5])))
        array([-0.69314718, -0.69314718])
    """
    bad = np.flatnonzero(~(log_probs < np.inf))
    if bad.size:
        raise InputError(
            f"{name} must be logarithms of probabilities, got {log_probs[bad[0]]} at outcome "
            f"{bad[0]}"
        )
    total = float(np.exp(np.minimum(log_probs, 700.0)).sum())
    if abs(total - 1.0) > _TOLERANCE:
        raise InputError(
            f"{name} must be logarithms of probabilities that sum to 1, got a sum of "
            f"{total:.12g}; subtract their logsumexp"
        )
    return np.asarray(np.minimum(log_probs - np.log(total), 0.0))


def _check_rewards(rewards: Float64[np.ndarray, " k"], possible: np.ndarray) -> None:
    bad = np.flatnonzero(possible & ~(rewards < np.inf))
    if bad.size:
        raise InputError(
            f"rewards must be finite or -inf, got {rewards[bad[0]]} at outcome {bad[0]}; drop "
            "the outcome or mend the reward"
        )
    if not np.any(rewards[possible] > -np.inf):
        raise InputError("a possible outcome needs a finite reward, all of them are -inf")
