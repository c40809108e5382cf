"""What each draw changes of further rewards' curves: errors for fixed prompts."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from klimit.core.results import Result
from klimit.estimate.draws import Draws
from klimit.estimate.gold.level_weights import ranks_within, subsets_won
from klimit.estimate.without_each import Weights

__all__ = ["BestOfLeftOut", "tilts_left_out"]

_ALL = 1e-6  # what a draw that has all weight leaves to others


@dataclass(frozen=True, slots=True, eq=False)
class BestOfLeftOut(Result):
    """How best-of-N changes as each draw of its prompt is left out, ties included.

    A group of tied draws keeps its place where the draw left out lies above it, moves down by
    one where it lies below, and loses one where it is among them.

    Attributes:
        order: The draws by prompt and rising proxy, shape ``(n,)``.
        starts: Where each group of tied draws begins among them, shape ``(t,)``.
        size: Number of draws of each group, shape ``(t,)``.
        risen: Change of a draw's share as the one left out comes to lie above, ``(k, t)``.
        among: Share of another draw of the group where one of it is left out, ``(k, t)``.
        above: What that has more than where one below is left out, and more than that rise,
            shape ``(k, t)``.
    """

    order: Int64[np.ndarray, " n"]
    starts: Int64[np.ndarray, " t"]
    size: Int64[np.ndarray, " t"]
    risen: Float64[np.ndarray, "k t"]
    among: Float64[np.ndarray, "k t"]
    above: Float64[np.ndarray, "k t"]

    @classmethod
    def of(cls, draws: Draws, *, n: Int64[np.ndarray, " k"]) -> "BestOfLeftOut":
        """Work out all that does not depend on what is averaged.

        Args:
            draws: Draws of the reference policy; their reward is the proxy.
            n: Numbers of draws of which the best is kept, fewer than those of any prompt.

        Returns:
            The shares.
        """
        prompt = np.repeat(np.arange(len(draws.prompts)), draws.counts)
        order = np.lexsort((draws.rewards, prompt))
        below, upto = (ranks[order] for ranks in ranks_within(draws))
        starts = np.flatnonzero(below == np.arange(len(draws)) - draws.offsets[prompt])
        owner, below, upto = prompt[starts], below[starts], upto[starts]
        size, most = upto - below, draws.counts[owner] - 1
        risen, among, lower = np.empty((3, n.size, starts.size))
        for k, each in enumerate(n):
            won, begins = subsets_won(draws.counts - 1, int(each))
            base = begins[owner]
            under = won[base + upto - 1]
            place = won[base + np.minimum(upto, most)] - won[base + below]
            lower[k] = (under - won[base + np.maximum(below - 1, 0)]) / size
            risen[k] = place / size - lower[k]
            among[k] = (under - won[base + below]) / np.maximum(size - 1, 1)
        among[:, size == 1] = 0.0
        return cls(order, starts, size, risen, among, among - lower - risen)

    def means(self, gold: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "k n"]:
        """Gold under best-of-N with each draw left out.

        Args:
            gold: The gold reward of each draw, shape ``(n,)``.

        Returns:
            The means, up to a constant for each prompt, in ``order``.

        Example:
            >>> draws = Draws.from_matrix([[0.0, 1.0, 1.0]])
            >>> left_out = BestOfLeftOut.of(draws, n=np.array([2]))
            >>> left_out.means(np.array([5.0, 2.0, 4.0])).round(6) + 0.0
            array([[ 0.,  1., -1.]])
        """
        worth = gold[self.order]
        total = np.add.reduceat(worth, self.starts)
        change = self.risen * total
        fixed = np.empty(change.shape)
        for row, risen in zip(fixed, change, strict=True):  # at once they would hold the lock
            np.cumsum(risen, out=row)
        fixed += np.multiply(self.above, total, out=change)
        if self.starts.size == self.order.size:  # no ties: no other draw in any group
            return fixed
        means = np.repeat(self.among, self.size, axis=1)
        means *= -worth
        means += np.repeat(fixed, self.size, axis=1)
        return means


def tilts_left_out(
    draws: Draws,
    golds: Float64[np.ndarray, "g n"],
    weights: Float64[np.ndarray, "b n"],
    *,
    betas: Float64[np.ndarray, " b"],
    slopes: Float64[np.ndarray, "g b"],
) -> Float64[np.ndarray, "g b n"]:
    """Golds under the tilts that spend a given KL, with each draw of its prompt left out.

    A draw changes the gold reward at a given beta, and the KL, which another beta makes good.

    Args:
        draws: Draws of the reference policy; their reward is the proxy.
        golds: The gold rewards of each draw, shape ``(g, n)``.
        weights: Weights of the draws under the tilts, shape ``(b, n)``.
        betas: The inverse temperatures.
        slopes: Change of the mean gold rewards by that of the mean KL, shape ``(g, b)``.

    Returns:
        The means, up to a constant for each prompt, shape ``(g, b, n)``.

    Example:
        >>> draws, golds = Draws.from_matrix([[0.0, 1.0]]), np.array([[0.0, 4.0]])
        >>> none, even = np.zeros(1), np.full((1, 2), 0.5)
        >>> tilts_left_out(draws, golds, even, betas=none, slopes=none[None])
        array([[[ 2., -2.]]])
    """
    left_out = np.empty((golds.shape[0], betas.size, len(draws)))
    for b, beta in enumerate(betas):
        tilt = Weights(weights[b], draws.counts, draws.offsets[:-1])
        gap = tilt.away(draws.rewards, tilt.sums(tilt.own * draws.rewards))
        odds = np.where(tilt.own < 1 - _ALL, tilt.own / tilt.others, 0.0)
        spent = -(beta if np.isfinite(beta) else 0.0) * odds * gap
        spent -= np.log1p(-np.minimum(tilt.own, 1 - 1e-12))
        mean = tilt.mean(golds)
        np.add(mean.without, mean.bias_without, out=left_out[:, b])
        left_out[:, b] -= slopes[:, b, None] * spent
    return left_out
