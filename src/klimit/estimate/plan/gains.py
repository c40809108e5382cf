"""What each further draw gains at every prompt, as far as its own draws can tell."""

import numpy as np
from jaxtyping import Float64, Int64

from klimit.estimate.best_of.order_statistics import kept_variances, subset_shares
from klimit.estimate.best_of.pools import Pools
from klimit.estimate.plan.ranks import reward_curves

__all__ = ["largest_gains", "shrunken_gains"]

_EACH, _STEP = 9, 1.15  # numbers of draws below which each is asked, and the step above
_TINY = 1e-300  # so that no variance at all has a logarithm


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
    curves = reward_curves(pools, most=most)
    for n in range(most - 1, 0, -1):
        curves[:, n] -= curves[:, n - 1]
    own = curves[:, 1:]
    noise = _noise(pools, most=most)
    for n in range(most - 1):
        centre = own[:, n].mean()
        spread = own[:, n].var(ddof=1) if own.shape[0] > 1 else 0.0
        own[:, n] -= centre
        own[:, n] *= max(1.0 - noise[n] / own.shape[0] / spread, 0.0) if spread > 0 else 0.0
        own[:, n] += centre
    np.maximum(own, 0.0, out=own)
    return np.asarray(np.minimum.accumulate(own, axis=1, out=own))


def _noise(pools: Pools, *, most: int) -> Float64[np.ndarray, " g"]:
    """Jackknife variance of every gain, summed over prompts; smooth, so not asked at each."""
    steps = np.geomspace(1, most - 1, 1 + int(np.log(most - 1) / np.log(_STEP)))
    asked = np.unique([*range(1, min(most, _EACH)), *steps.round().astype(int)])
    noise = np.zeros(asked.size)
    for block in pools.blocks:
        m = block.shape[1]
        for i, n in enumerate(asked[asked < m - 1].tolist()):
            shares = subset_shares(m - 1, n + 1) - subset_shares(m - 1, n)
            noise[i] += kept_variances(block, shares=shares)[0].sum()
    logs = np.interp(np.log(np.arange(1, most)), np.log(asked), np.log(noise + _TINY))
    return np.asarray(np.exp(logs))


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
    spent: Int64[np.ndarray, " p"] = np.ones(p, dtype=np.int64)
    if total == p:
        return spent
    allowed = np.arange(steps) < caps[:, None] - 1
    rising = gains[allowed]
    last = rising.size - (total - p)
    rising.partition(last)
    spent += (allowed & (gains > rising[last])).sum(axis=1)
    equal = np.flatnonzero((allowed & (gains == rising[last])).T)[: total - spent.sum()]
    spent += np.bincount(equal % p, minlength=p)
    return spent
