"""How often each draw is kept: by best-of-N, and by tilts."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from klimit.core.results import Result
from klimit.estimate.best_of.order_statistics import subset_shares
from klimit.estimate.draws import Draws
from klimit.estimate.weights import tilt_weights

__all__ = ["LevelWeights", "level_weights", "ranks_within", "subsets_won"]


@dataclass(frozen=True, slots=True, eq=False)
class LevelWeights(Result):
    """Every draw's weight under each level, for some of the prompts.

    Attributes:
        best_of: Share of the subsets that each draw wins, ties split, shape ``(k, n)``.
        tilt: Self-normalised weights of the tilts, shape ``(b, n)``.
        odds: Those weights over one less them, 0 where a draw has all, shape ``(b, n)``.
    """

    best_of: Float64[np.ndarray, "k n"]
    tilt: Float64[np.ndarray, "b n"]
    odds: Float64[np.ndarray, "b n"]


def level_weights(
    draws: Draws, *, n: Int64[np.ndarray, " k"], betas: Float64[np.ndarray, " b"]
) -> LevelWeights:
    """Every draw's weight under best-of-N and under the tilts.

    Args:
        draws: Draws of the reference policy.
        n: Numbers of draws of which the best is kept.
        betas: Inverse temperatures.

    Returns:
        The weights in the order of the draws.

    Example:
        >>> draws = Draws.from_matrix([[0.0, 1.0, 1.0]])
        >>> level_weights(draws, n=np.array([2]), betas=np.zeros(0)).best_of
        array([[0. , 0.5, 0.5]])
    """
    below, upto = ranks_within(draws)
    best_of = np.empty((n.size, len(draws)))
    for k, size in enumerate(n):
        won, begins = subsets_won(draws.counts, int(size))
        base = np.repeat(begins, draws.counts)
        best_of[k] = (won[base + upto] - won[base + below]) / (upto - below)
    tilt = np.array([tilt_weights(draws, beta=float(beta)) for beta in betas])
    tilt = tilt.reshape(betas.size, len(draws))
    rest = 1.0 - tilt
    odds = np.divide(tilt, rest, out=np.zeros_like(tilt), where=rest > 1e-6)
    return LevelWeights(best_of, tilt, odds)


def ranks_within(draws: Draws) -> tuple[Int64[np.ndarray, " n"], Int64[np.ndarray, " n"]]:
    """How many draws of its prompt lie below each draw, and how many at most at it.

    Args:
        draws: The draws.

    Returns:
        Two counts a draw, shape ``(n,)`` each.

    Example:
        >>> ranks_within(Draws.from_matrix([[0.0, 1.0, 1.0]]))
        (array([0, 1, 1]), array([1, 3, 3]))
    """
    prompt = np.repeat(np.arange(len(draws.prompts)), draws.counts)
    order = np.lexsort((draws.rewards, prompt))
    ranked = draws.rewards[order]
    fresh = np.append(True, ranked[1:] != ranked[:-1])
    fresh[draws.offsets[:-1]] = True
    starts = np.flatnonzero(fresh)
    sizes = np.diff(np.append(starts, ranked.size))
    below, upto = np.empty((2, ranked.size), dtype=np.int64)
    first = draws.offsets[prompt]
    below[order] = np.repeat(starts, sizes) - first
    upto[order] = np.repeat(starts + sizes, sizes) - first
    return below, upto


def subsets_won(
    counts: Int64[np.ndarray, " p"], n: int
) -> tuple[Float64[np.ndarray, " _"], Int64[np.ndarray, " p"]]:
    """Share of the subsets of size ``n`` whose best is among the lowest ranks.

    Args:
        counts: Number of draws of each prompt, shape ``(p,)``.
        n: Size of the subsets.

    Returns:
        Tables for 0, 1, ... of the lowest ranks, one after the other for every number of draws,
        and where the table of each prompt begins.

    Example:
        >>> subsets_won(np.array([3]), 2)[0].round(3)
        array([0.   , 0.   , 0.333, 1.   ])
    """
    sizes, which = np.unique(counts, return_inverse=True)
    tables = [np.append(0.0, np.cumsum(subset_shares(int(m), n))) for m in sizes]
    begins = np.append(0, np.cumsum(sizes + 1))[:-1]
    return np.concatenate(tables), begins[which]
