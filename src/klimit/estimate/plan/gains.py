"""What each further draw gains at every prompt, as far as its own draws can tell."""

import numpy as np
from jaxtyping import Float64, Int64

from klimit.estimate.best_of.order_statistics import kept_variances, subset_shares
from klimit.estimate.best_of.pools import Pools
from klimit.estimate.plan.ranks import reward_curves

__all__ = ["largest_gains", "shrunken_gains"]


def shrunken_gains(pools: Pools, *, most: int) -> Float64[np.ndarray, "p g"]:
    r"""Gains of the second, third and further draws, drawn towards those of all prompts.

    The gains of one prompt are noisy, and those that seem largest are so by chance as well.
    Each is moved to the mean over prompts by the share of the spread that is noise,

    .. math:: \bar g_n + (1 - v_n / s_n^2)_+ \, (g_{x n} - \bar g_n) ,

    where ``s`` is the spread between prompts and ``v`` the jackknife's mean variance.

    Args:
        pools: The sorted rewards of every prompt, two draws of each at least.
        most: The largest number of draws whose gain is asked for, at least 2.

    Returns:
        Gains that fall from draw to draw, a row a prompt, shape ``(p, most - 1)``; 0 beyond the
        draws that a prompt has.

    Example:
        >>> from klimit import Draws
        >>> from klimit.estimate.best_of.pools import sorted_pools
        >>> pools = sorted_pools(Draws.from_matrix([[0.0, 0.0, 0.0], [0.0, 0.0, 3.0]]))
        >>> shrunken_gains(pools, most=2).ravel()  # all of the difference may be noise
        array([0.5, 0.5])
    """
    own = np.diff(reward_curves(pools, most=most), axis=1)
    noise = np.zeros(most - 1)
    for block in pools.blocks:
        m = block.shape[1]
        for n in range(1, min(most, m - 1)):
            shares = subset_shares(m - 1, n + 1) - subset_shares(m - 1, n)
            noise[n - 1] += kept_variances(block, shares=shares)[0].sum()
    centre = own.mean(axis=0)
    spread = own.var(axis=0, ddof=1) if own.shape[0] > 1 else np.zeros(most - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        told = np.where(spread > 0, 1.0 - noise / own.shape[0] / spread, 0.0)
    gains = centre + np.clip(told, 0.0, 1.0) * (own - centre)
    return np.asarray(np.minimum.accumulate(np.maximum(gains, 0.0), axis=1))


def largest_gains(
    gains: Float64[np.ndarray, "p g"], *, caps: Int64[np.ndarray, " p"], total: int
) -> Int64[np.ndarray, " p"]:
    """Spend draws on the largest gains: the best allocation, since gains fall.

    Args:
        gains: Gains of the second, third and further draws, falling, shape ``(p, g)``.
        caps: The most draws for each prompt, at least 1, shape ``(p,)``.
        total: Draws in all, at least one a prompt.

    Returns:
        Draws for each prompt, shape ``(p,)``; equal gains are met evenly.

    Example:
        >>> gains = np.array([[3.0, 2.0, 1.0], [0.5, 0.1, 0.0]])
        >>> largest_gains(gains, caps=np.array([4, 4]), total=5)
        array([4, 1])
    """
    p, steps = gains.shape
    step = np.broadcast_to(np.arange(steps), gains.shape)
    allowed = step < caps[:, None] - 1
    prompt, step = np.nonzero(allowed)
    order = np.lexsort((prompt, step, -gains[allowed]))[: total - p]
    spent: Int64[np.ndarray, " p"] = 1 + np.bincount(prompt[order], minlength=p)
    return spent
