"""Means of every prompt that give each rank of the rewards a share."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float64

from klimit.estimate.best_of.order_statistics import kept_variances, subset_shares
from klimit.estimate.best_of.pools import Pools, WithinPrompts

__all__ = ["by_rank", "mixed_shares", "reward_curve", "reward_curves"]


def reward_curves(pools: Pools, *, most: int) -> Float64[np.ndarray, "p n"]:
    """The reward of best-of-1, best-of-2 and so on for every prompt, each without bias.

    Args:
        pools: The sorted rewards of every prompt.
        most: Up to which number of draws, at least 1.

    Returns:
        A row a prompt, a column a number of draws; beyond the draws that a prompt has its row
        stays where they end.

    Example:
        >>> from klimit import Draws
        >>> from klimit.estimate.best_of.pools import sorted_pools
        >>> reward_curves(sorted_pools(Draws.from_matrix([[0.0, 1.0], [3.0]])), most=2)
        array([[0.5, 1. ],
               [3. , 3. ]])
    """
    curves = np.empty((pools.counts.size, most))
    for prompts, block in zip(pools.members, pools.blocks, strict=True):
        curves[prompts] = reward_curve(block, most=most)
    return curves


def reward_curve(block: Float64[np.ndarray, "q m"], *, most: int) -> Float64[np.ndarray, "q n"]:
    """The same for prompts with equally many draws.

    Args:
        block: Their sorted rewards, a row a prompt.
        most: Up to which number of draws, at least 1.

    Returns:
        A row a prompt, a column a number of draws.

    Example:
        >>> reward_curve(np.array([[0.0, 1.0]]), most=2)
        array([[0.5, 1. ]])
    """
    m, best = block.shape[1], block[:, -1:]
    shares = np.array([subset_shares(m, n) for n in range(1, min(m, most) + 1)])
    curve: Float64[np.ndarray, "q n"] = best + (block - best) @ shares.T
    return np.pad(curve, [(0, 0), (0, most - curve.shape[1])], mode="edge")


def mixed_shares(m: int, chances: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " m"]:
    """The share of each rank where the number of draws of which the best is kept is random.

    Args:
        m: Number of draws, at least 1.
        chances: Chance of each number from 1 on; what they leave of 1, and what lies beyond
            ``m``, counts as ``m``.

    Returns:
        The shares by rising rank, shape ``(m,)``.

    Example:
        >>> mixed_shares(2, np.array([0.5, 0.5]))
        array([0.25, 0.75])
    """
    heard = chances[: m - 1]
    shares: Float64[np.ndarray, " m"] = (1.0 - heard.sum()) * subset_shares(m, m)
    for n in np.flatnonzero(heard > 0):
        shares += heard[n] * subset_shares(m, int(n) + 1)
    return shares


def by_rank(
    pools: Pools,
    *,
    shares: Callable[[int], Float64[np.ndarray, " m"]],
    least: int,
    errors: bool,
) -> WithinPrompts:
    """A mean over ranks for every prompt, with its jackknife variance.

    Args:
        pools: The sorted rewards of every prompt.
        shares: The share of each rank among ``m`` draws.
        least: The fewest draws for which there are shares.
        errors: Whether the variances over the draws are needed.

    Returns:
        The means; ``nan`` for prompts with fewer draws, and for variances that were not asked
        for.

    Example:
        >>> from klimit import Draws
        >>> from klimit.estimate.best_of.pools import sorted_pools
        >>> pools = sorted_pools(Draws.from_matrix([[0.0, 1.0, 2.0], [3.0, 3.0, 3.0]]))
        >>> by_rank(pools, shares=lambda m: np.full(m, 1 / m), least=1, errors=True).variances
        array([0.33333333, 0.        ])
    """
    values, variances, doubts = (np.full(pools.counts.size, np.nan) for _ in range(3))
    for prompts, block in zip(pools.members, pools.blocks, strict=True):
        m = block.shape[1]
        if m < least:
            continue
        share = shares(m)
        best = block[:, -1]
        values[prompts] = best * share.sum() + (block - best[:, None]) @ share
        if errors and m > least:
            variances[prompts], doubts[prompts] = kept_variances(block, shares=shares(m - 1))
        elif errors:
            variances[prompts], doubts[prompts] = np.inf, np.inf
    return WithinPrompts(values, variances, doubts)
