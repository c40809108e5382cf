"""From which beta on the weights of a tilt have no variance, so that no error can be told."""

import numpy as np
from jaxtyping import Float64

from klimit.estimate.best_of.pools import Pools

__all__ = ["steepest_beta"]

_LARGEST_SHAPE = 0.5  # a Pareto tail of a larger shape has no variance
_BOUNDED = -0.3  # a reward whose tail has a smaller shape ends: its weights are bounded


def steepest_beta(pools: Pools) -> float:
    r"""The inverse temperature at which ``exp(beta * reward)`` ceases to have a variance.

    What the largest rewards exceed a high one by has a generalised Pareto tail, of a mean
    ``e`` and a shape ``g`` by moments that all prompts share; the weights then have a Pareto
    tail of shape ``beta e + g``.

    Args:
        pools: The sorted rewards of every prompt.

    Returns:
        The ``beta`` where that is 1/2; ``inf`` where the reward is bounded or too few draws
        tell.

    Example:
        >>> from klimit import Draws
        >>> from klimit.estimate.best_of.pools import sorted_pools
        >>> rewards = np.random.default_rng(0).exponential(size=(100, 256))
        >>> beta = steepest_beta(sorted_pools(Draws.from_matrix(rewards)))
        >>> round(beta, 1)  # the weights are Pareto of shape beta
        0.5
    """
    found = [_moments(block) for block in pools.blocks if block.shape[1] >= 20]
    if not found:
        return np.inf
    mean, square, second = np.array(found).sum(axis=0)
    if mean <= 0 or square >= second or square <= 0:
        return np.inf
    shape = 1.0 - 0.5 / (1.0 - square / second)
    if shape < _BOUNDED:
        return np.inf
    steep = square / mean  # prompts of wide tails weigh more: it is they whose weights fail
    return float(max(_LARGEST_SHAPE - shape, 0.0) / max(steep, 1e-300))


def _moments(block: Float64[np.ndarray, "q m"]) -> Float64[np.ndarray, " 3"]:
    """Sums over prompts of mean excess, its square without bias, and of the mean square."""
    m = block.shape[1]
    size = int(min(0.2 * m, 3 * m**0.5))
    excess = block[:, -size:] - block[:, -size - 1 : -size]
    mean = excess.mean(axis=1)
    square = mean**2 - excess.var(axis=1, ddof=1) / size
    return np.array([mean.sum(), square.sum(), (excess**2).mean(axis=1).sum()])
