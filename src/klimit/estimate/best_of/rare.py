"""Rewards too rare for an error: off the common one, short of the ceiling, or all-deciding."""

import numpy as np
from jaxtyping import Bool, Float64
from scipy.special import gammaln, xlog1py, xlogy

from klimit.estimate.best_of.pools import Pools

__all__ = ["decided_by_few", "draws_off_the_common_reward", "shortfall_moments", "too_rare"]

SEEN = 15  # draws off the common value: a kind that is a fifth of them shows in 96 %
DECIDED = 0.5  # skewness of a mean from which some four values decide it


def too_rare(off: int, draws: int, *, what: str = "reward", of: str = "draws") -> str:
    """Why draws that hardly differ tell no error.

    Args:
        off: How many differ from the common value.
        draws: How many there are.
        what: What the value is.
        of: What the draws are called.

    Returns:
        The reason in words, empty where they do.

    Example:
        >>> too_rare(3, 320)
        '3 of 320 draws differ from the common reward: too rare for an error'
    """
    if off < SEEN and 2 * off < draws:
        return f"{off} of {draws} {of} differ from the common {what}: too rare for an error"
    return ""


def decided_by_few(skewness: float) -> str:
    """Why a mean hangs on too few values for an error.

    Args:
        skewness: Skewness of the mean.

    Returns:
        The reason in words, empty where it does not.

    Example:
        >>> decided_by_few(-0.7)
        'a few prompts or draws decide: they are too rare for an error'
    """
    if abs(skewness) > DECIDED:
        return "a few prompts or draws decide: they are too rare for an error"
    return ""


def draws_off_the_common_reward(pools: Pools) -> int:
    """How many draws differ from the commonest reward of their prompt.

    Prompts with a single draw are taken for one.

    Args:
        pools: The sorted rewards of every prompt.

    Returns:
        Their number in the whole table.

    Example:
        >>> from klimit import Draws
        >>> from klimit.estimate.best_of.pools import sorted_pools
        >>> rows = [[0.0, 0.0, 1.0], [2.0, 2.0, 2.0]]
        >>> draws_off_the_common_reward(sorted_pools(Draws.from_matrix(rows)))
        1
    """
    return sum(block.size - _common(block) for block in pools.blocks)


def _common(block: Float64[np.ndarray, "q m"]) -> int:
    """How many draws have the commonest reward of their prompt."""
    q, m = (1, block.size) if block.shape[1] == 1 else block.shape
    block = np.sort(block.reshape(1, -1)) if q < block.shape[0] else block
    fresh = np.ones((q, m), dtype=bool)
    np.not_equal(block[:, 1:], block[:, :-1], out=fresh[:, 1:])
    starts = np.flatnonzero(fresh)
    sizes = np.diff(np.append(starts, block.size))
    firsts = np.searchsorted(starts, np.arange(q) * m)
    return int(np.maximum.reduceat(sizes, firsts).sum())


def shortfall_moments(
    pools: Pools, n: int, *, prompts: Bool[np.ndarray, " p"]
) -> Float64[np.ndarray, "2 _"]:
    r"""Second and third central moments of what best-of-N misses of a tied top reward.

    Where ``f`` of ``m`` draws lie below the top, the unbiased estimate of the chance to miss
    it is ``C(f, n) / C(m, n)``: mostly 0 near a ceiling and large where ``f`` happens to be
    large. Its moments are those over ``f`` drawn again, ``f ~ Bin(m, f / m)``.

    Args:
        pools: The sorted rewards of every prompt.
        n: Number of draws of which the best is kept.
        prompts: The prompts asked for, each with at least ``n`` draws.

    Returns:
        Two rows of one number a prompt; 0 where the top reward is met once.

    Example:
        >>> from klimit import Draws
        >>> from klimit.estimate.best_of.pools import sorted_pools
        >>> pools = sorted_pools(Draws.from_matrix([[0.0, 1.0, 1.0], [0.0, 1.0, 2.0]]))
        >>> shortfall_moments(pools, 1, prompts=np.ones(2, dtype=bool))[0].round(4)
        array([0.0741, 0.    ])
    """
    counts = pools.counts
    top = pools.rewards[pools.offsets[1:] - 1]
    below = np.empty_like(counts)
    for members, block in zip(pools.members, pools.blocks, strict=True):
        below[members] = (block < block[:, -1:]).sum(axis=1)
    missed = top - pools.best_of_redrawn(n)
    tied = (below < counts - 1) & (below > 0) & prompts & (missed > 0)
    moments = np.zeros((2, counts.size))
    splits, kind = np.unique(np.stack([counts[tied], below[tied]]), axis=1, return_inverse=True)
    ratios = np.array([_ratios(int(m), int(f), n) for m, f in splits.T]).reshape(-1, 2)
    second, third = ratios[kind.reshape(-1)].T
    moments[:, tied] = (
        missed[tied] ** 2 * (second - 1),
        missed[tied] ** 3 * (third - 3 * second + 2),
    )
    return moments[:, prompts]


def _ratios(m: int, f: int, n: int) -> tuple[float, float]:
    """Mean square and mean cube of the estimated chance, over its mean squared and cubed."""
    again = np.arange(n, m + 1, dtype=np.float64)
    share = f / m
    log_prob = gammaln(m + 1) - gammaln(again + 1) - gammaln(m - again + 1)
    log_prob += xlogy(again, share) + xlog1py(m - again, -share)
    chance = gammaln(again + 1) - gammaln(again - n + 1) - gammaln(m + 1) + gammaln(m - n + 1)
    relative = chance - n * np.log(share)
    return float(np.exp(log_prob + 2 * relative).sum()), float(
        np.exp(log_prob + 3 * relative).sum()
    )
