"""Policies that are not optimal: what the claims compare the optimum with."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.core.results import Result
from klimit.exact.finite import FiniteModel

__all__ = ["KnownPolicies", "random_policies"]


@dataclass(frozen=True, slots=True, eq=False)
class KnownPolicies(Result):
    """Policies of which two numbers are known.

    Attributes:
        kl: KL from the reference policy of each, in nats, shape ``(k,)``.
        reward: Mean reward of each, shape ``(k,)``.
    """

    kl: Float64[np.ndarray, " k"]
    reward: Float64[np.ndarray, " k"]


def random_policies(
    symbols: FiniteModel, *, count: int, rng: np.random.Generator | int
) -> KnownPolicies:
    """Reference policies reweighted by random numbers, from a little to almost entirely.

    Args:
        symbols: The reference policy and its rewards.
        count: How many.
        rng: Draws them.

    Returns:
        Their KL and mean reward.

    Example:
        >>> coin = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
        >>> random_policies(coin, count=3, rng=0).kl.shape
        (3,)
    """
    rng = np.random.default_rng(rng)
    levels = symbols.levels
    strengths = np.exp(rng.uniform(-2.0, 2.0, size=(count, 1)))
    logs = levels.log_masses + strengths * rng.normal(size=(count, levels.rewards.size))
    logs -= np.logaddexp.reduce(logs, axis=1)[:, None]
    probs = np.exp(logs)
    kl = np.sum(probs * (logs - levels.log_masses), axis=1)
    return KnownPolicies(np.maximum(kl, 0.0), probs @ levels.rewards)
