"""The tail that all prompts' weights share: when they have no variance, how slow their bias.

For a tilt, whose beta is given and may be so large that the weights have no variance; along a
frontier, where a budget bounds it, each prompt has a shape of its own (`frontier.tails`).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.core.results import Result
from klimit.estimate.best_of.pools import Pools

__all__ = ["PooledTail", "pooled_tail"]

_LARGEST_SHAPE = 0.5  # a Pareto tail of a larger shape has no variance
_BOUNDED = -0.3  # a reward whose tail has a smaller shape ends: its weights are bounded
_LEAST = 20  # draws of a prompt whose largest tell of a tail


@dataclass(frozen=True, slots=True, eq=False)
class PooledTail(Result):
    """What the largest rewards exceed a high one by, as a generalised Pareto tail.

    Attributes:
        excess: The mean excess, weighted by itself: it is wide tails whose weights fail.
        shape: The shape; ``-inf`` where the reward is bounded or too few draws tell.
    """

    excess: float
    shape: float

    def of_weights(self, beta: float) -> float:
        """The Pareto shape of the weights ``exp(beta * reward)``.

        Args:
            beta: Inverse temperature, the factor on the reward, at least 0.

        Returns:
            The shape; ``-inf`` where the weights are bounded or their tail is unknown.
        """
        return beta * self.excess + self.shape

    def decay(self, beta: float) -> float:
        r"""How fast the bias of a tilt falls with the number of draws.

        Weights of Pareto shape ``k`` leave a bias that falls like :math:`m^{1 - 1/k}`.

        Args:
            beta: Inverse temperature, the factor on the reward, at least 0.

        Returns:
            The decay, as an exponent; ``inf`` for weights that are bounded.

        Example:
            >>> PooledTail(1.0, 0.0).decay(0.5)  # exponential rewards
            1.0
        """
        shape = self.of_weights(beta)
        return max(1 / shape - 1, 0.0) if shape > 0 else np.inf

    @property
    def steepest_beta(self) -> float:
        """From which inverse temperature on the weights have no variance; may be ``inf``."""
        if self.shape == -np.inf:
            return np.inf
        return max(_LARGEST_SHAPE - self.shape, 0.0) / max(self.excess, 1e-300)


def pooled_tail(pools: Pools) -> PooledTail:
    r"""The tail of the rewards, by moments that all prompts share.

    What the largest rewards exceed a high one by has a generalised Pareto tail, of a mean
    ``e`` and a shape ``g``; the weights then have a Pareto tail of shape ``beta e + g``.

    Args:
        pools: The sorted rewards of every prompt.

    Returns:
        The tail.

    Example:
        >>> from klimit import Draws
        >>> from klimit.estimate.best_of.pools import sorted_pools
        >>> rewards = np.random.default_rng(0).exponential(size=(100, 256))
        >>> tail = pooled_tail(sorted_pools(Draws.from_matrix(rewards)))
        >>> round(tail.steepest_beta, 1)  # the weights are Pareto of shape beta
        0.5

    References:
        Dekkers, Einmahl, de Haan (1989), A moment estimator for the index of an extreme-value
        distribution.
    """
    found = [_moments(block) for block in pools.blocks if block.shape[1] >= _LEAST]
    mean, square, second = np.array(found).sum(axis=0) if found else (0.0, 0.0, 0.0)
    if mean <= 0 or square >= second or square <= 0:
        return PooledTail(0.0, -np.inf)
    shape = 1.0 - 0.5 / (1.0 - square / second)
    return PooledTail(float(square / mean), float(shape) if shape >= _BOUNDED else -np.inf)


def _moments(block: Float64[np.ndarray, "q m"]) -> Float64[np.ndarray, " 3"]:
    """Sums over prompts of mean excess, its square without bias, and of the mean square."""
    m = block.shape[1]
    size = int(min(0.2 * m, 3 * m**0.5))
    excess = block[:, -size:] - block[:, -size - 1 : -size]
    mean = excess.mean(axis=1)
    square = mean**2 - excess.var(axis=1, ddof=1) / size
    return np.array([mean.sum(), square.sum(), (excess**2).mean(axis=1).sum()])
