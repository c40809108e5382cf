"""What each draw changes of further rewards' curves: errors for fixed prompts."""

import numpy as np
from jaxtyping import Float64, Int64

from klimit.estimate.draws import Draws
from klimit.estimate.gold.level_weights import LevelWeights, ranks_within, subsets_won
from klimit.estimate.without_each import Weights

__all__ = ["best_of_left_out", "tilts_left_out"]


def best_of_left_out(
    draws: Draws, gold: Float64[np.ndarray, " n"], *, n: Int64[np.ndarray, " k"]
) -> Float64[np.ndarray, "k n"]:
    """Gold under best-of-N with each draw of its prompt left out, ties included.

    A group of tied draws keeps its place where the draw left out lies above it, moves down by
    one where it lies below, and loses one where it is among them.

    Args:
        draws: Draws of the reference policy; their reward is the proxy.
        gold: The gold reward of each draw, shape ``(n,)``.
        n: Numbers of draws of which the best is kept, fewer than those of any prompt.

    Returns:
        The means, up to a constant for each prompt, shape ``(k, n)``.

    Example:
        >>> draws = Draws.from_matrix([[0.0, 1.0, 1.0]])
        >>> best_of_left_out(draws, np.array([5.0, 2.0, 4.0]), n=np.array([2])).round(6)
        array([[ 0.,  1., -1.]])
    """
    prompt = np.repeat(np.arange(len(draws.prompts)), draws.counts)
    order = np.lexsort((draws.rewards, prompt))
    below, upto = (ranks[order] for ranks in ranks_within(draws))
    starts = np.flatnonzero(below == np.arange(len(draws)) - draws.offsets[prompt])
    owner, below, upto = prompt[starts], below[starts], upto[starts]
    first = np.append(True, np.diff(owner) > 0)
    size, worth = upto - below, gold[order]
    total = np.add.reduceat(worth, starts)
    left_out = np.empty((n.size, len(draws)))
    for k, each in enumerate(n):
        won, begins = subsets_won(draws.counts - 1, int(each))
        base = begins[owner]
        most = draws.counts[owner] - 1
        place = won[base + np.minimum(upto, most)] - won[base + below]
        lower = won[base + upto - 1] - won[base + np.maximum(below - 1, 0)]
        within = won[base + upto - 1] - won[base + below]
        change = (place - lower) * total / size
        passed = np.cumsum(change) - change
        passed -= passed[first][np.cumsum(first) - 1]
        rest = np.divide(within, size - 1, out=np.zeros(size.size), where=size > 1)
        fixed = passed - lower * total / size + rest * total
        left_out[k, order] = np.repeat(fixed, size) - np.repeat(rest, size) * worth
    return left_out


def tilts_left_out(
    draws: Draws,
    gold: Float64[np.ndarray, " n"],
    weights: LevelWeights,
    *,
    betas: Float64[np.ndarray, " b"],
    slopes: Float64[np.ndarray, " b"],
) -> Float64[np.ndarray, "b n"]:
    """Gold under the tilts that spend a given KL, with each draw of its prompt left out.

    A draw changes the gold reward at a given beta, and the KL, which another beta makes good.

    Args:
        draws: Draws of the reference policy; their reward is the proxy.
        gold: The gold reward of each draw, shape ``(n,)``.
        weights: Weights of the draws under the tilts.
        betas: The inverse temperatures.
        slopes: Change of the mean gold reward by that of the mean KL, shape ``(b,)``.

    Returns:
        The means, up to a constant for each prompt, shape ``(b, n)``.

    Example:
        >>> from klimit.estimate.gold.level_weights import level_weights
        >>> draws, gold = Draws.from_matrix([[0.0, 1.0]]), np.array([0.0, 4.0])
        >>> weights = level_weights(draws, n=np.array([1]), betas=np.zeros(1))
        >>> tilts_left_out(draws, gold, weights, betas=np.zeros(1), slopes=np.zeros(1))
        array([[ 2., -2.]])
    """
    left_out = np.empty((betas.size, len(draws)))
    for b, beta in enumerate(betas):
        tilt, odds = weights.tilt[b], weights.odds[b]
        lean = beta if np.isfinite(beta) else 0.0
        spent = lean * _moved(draws, tilt, odds, draws.rewards)
        spent -= np.log1p(-np.minimum(tilt, 1 - 1e-12))
        mean = Weights(tilt, draws.counts, draws.offsets[:-1]).mean(gold)
        left_out[b] = mean.without + mean.bias_without - slopes[b] * spent
    return left_out


_Column = Float64[np.ndarray, " n"]


def _moved(draws: Draws, tilt: _Column, odds: _Column, values: _Column) -> _Column:
    """Change of a reweighted mean as each draw is left out."""
    means = np.add.reduceat(tilt * values, draws.offsets[:-1])
    moved: Float64[np.ndarray, " n"] = odds * (np.repeat(means, draws.counts) - values)
    return moved
