"""What each further draw gains at every prompt, as far as its own draws can tell."""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float64, Int64

from klimit.estimate.best_of.order_statistics import kept_variances, subset_shares
from klimit.estimate.plan.ranks import reward_curve

__all__ = ["largest_gains", "shrunken_gains"]

_EACH, _STEP = 9, 1.15  # numbers of draws below which each is asked, and the step above
_TINY = 1e-300  # so that no variance at all has a logarithm


def shrunken_gains(
    blocks: Iterable[tuple[Int64[np.ndarray, " q"], Float64[np.ndarray, "q m"]]],
    *,
    prompts: int,
    most: int,
) -> Float64[np.ndarray, "p g"]:
    r"""Gains of the second, third and further draws, drawn towards those of all prompts.

    The gains of one prompt are noisy, and those that seem largest are so by chance as well.
    Each is moved to the mean over prompts by the share of the spread that is noise,

    .. math:: \bar g_n + (1 - v_n / s_n^2)_+ \, (g_{x n} - \bar g_n) ,

    where ``s`` is the spread between prompts and ``v`` the jackknife's mean variance.

    Args:
        blocks: Prompts with equally many draws, two of each at least, and their sorted rewards
            (`sorted_blocks`).
        prompts: How many there are in all.
        most: The largest number of draws whose gain is asked for, at least 2.

    Returns:
        Gains that fall from draw to draw, a row a prompt, shape ``(p, most - 1)``; 0 beyond the
        draws that a prompt has.

    Example:
        >>> from klimit import Draws
        >>> from klimit.estimate.best_of.pools import sorted_blocks
        >>> blocks = sorted_blocks(Draws.from_matrix([[0.0, 0.0, 0.0], [0.0, 0.0, 3.0]]))
        >>> shrunken_gains(blocks, prompts=2, most=2).ravel()  # all of it may be noise
        array([0.5, 0.5])
    """
    asked, own = _asked(most), np.empty((prompts, most - 1))
    noises = np.zeros(asked.size)
    for some, block in blocks:
        own[some] = np.diff(reward_curve(block, most=most), axis=1)
        noises += _noises(block, asked)
    noise = _interpolated(noises, asked, most=most)
    for n in range(most - 1):
        centre = own[:, n].mean()
        spread = own[:, n].var(ddof=1) if own.shape[0] > 1 else 0.0
        own[:, n] -= centre
        own[:, n] *= max(1.0 - noise[n] / own.shape[0] / spread, 0.0) if spread > 0 else 0.0
        own[:, n] += centre
    np.maximum(own, 0.0, out=own)
    return np.asarray(np.minimum.accumulate(own, axis=1, out=own))


def _asked(most: int) -> Int64[np.ndarray, " a"]:
    """The gains whose noise is worked out: it is smooth, so not that of each."""
    steps = np.geomspace(1, most - 1, 1 + int(np.log(most - 1) / np.log(_STEP)))
    return np.unique([*range(1, min(most, _EACH)), *steps.round().astype(int)])


def _noises(
    block: Float64[np.ndarray, "q m"], asked: Int64[np.ndarray, " a"]
) -> Float64[np.ndarray, " a"]:
    """Jackknife variances of these gains, summed over prompts."""
    m, noises = block.shape[1], np.zeros(asked.size)
    for i, n in enumerate(asked[asked < m - 1].tolist()):
        shares = subset_shares(m - 1, n + 1) - subset_shares(m - 1, n)
        noises[i] = kept_variances(block, shares=shares)[0].sum()
    return noises


def _interpolated(
    noises: Float64[np.ndarray, " a"], asked: Int64[np.ndarray, " a"], *, most: int
) -> Float64[np.ndarray, " g"]:
    """The variance of every gain, summed over prompts."""
    logs = np.interp(np.log(np.arange(1, most)), np.log(asked), np.log(noises + _TINY))
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
