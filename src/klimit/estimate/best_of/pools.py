"""The rewards of every prompt in order, prompts with equally many draws together."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from klimit.core.results import Result
from klimit.estimate.best_of.order_statistics import (
    best_of_means,
    redrawn_shares,
    subset_shares,
    without_one,
)
from klimit.estimate.draws import Draws
from klimit.estimate.within_prompts import WithinPrompts

__all__ = ["Pools", "WithinPrompts", "sorted_blocks", "sorted_pools"]

_TOGETHER = 1 << 16  # draws of a block: what is made of them stays in the processor's cache


@dataclass(frozen=True, slots=True, eq=False)
class Pools(Result):
    """The rewards of each prompt by rising value.

    Attributes:
        offsets: Where each prompt's block begins and the last ends, shape ``(p + 1,)``.
        rewards: The rewards, sorted within each prompt, shape ``(n,)``.
        members: Prompts with equally many draws, not too many at a time.
        blocks: Their rewards, a row a prompt.
    """

    offsets: Int64[np.ndarray, " p1"]
    rewards: Float64[np.ndarray, " n"]
    members: tuple[Int64[np.ndarray, " _"], ...]
    blocks: tuple[Float64[np.ndarray, "_ _"], ...]

    @property
    def counts(self) -> Int64[np.ndarray, " p"]:
        """Number of draws of each prompt, shape ``(p,)``."""
        return np.diff(self.offsets)

    def best_of(self, n: int, *, errors: bool) -> WithinPrompts:
        """Mean reward of best-of-N for every prompt.

        Args:
            n: Number of draws of which the best is kept, at least 1.
            errors: Whether the variances over the draws are needed.

        Returns:
            Unbiased means; ``nan`` for prompts with fewer draws, and for errors that were not
            asked for; variances are ``inf`` where no draw can be left out.

        Example:
            >>> pools = sorted_pools(Draws.from_matrix([[1.0, 0.0], [3.0]]))
            >>> pools.best_of(2, errors=False).values
            array([ 1., nan])
        """
        moments = np.full((4, self.counts.size), np.nan)
        for prompts, block in zip(self.members, self.blocks, strict=True):
            if block.shape[1] >= n:
                means = best_of_means(block, n=n)
                moments[0, prompts] = means
                if errors and block.shape[1] == n:
                    moments[1:, prompts] = np.array([[np.inf], [np.inf], [0.0]])
                elif errors:
                    shares = subset_shares(block.shape[1] - 1, n)
                    found = WithinPrompts.jackknifed(means, without_one(block, shares=shares))
                    moments[1:, prompts] = found.variances, found.doubts, found.thirds
        return WithinPrompts(*moments)

    def best_of_redrawn(self, n: int) -> Float64[np.ndarray, " p"]:
        """Mean reward of best-of-N on the draws themselves, drawn again with replacement.

        It is below the unbiased mean by what the draws do not show of the best.

        Args:
            n: Number of draws of which the best is kept, at least 1.

        Returns:
            One mean a prompt, shape ``(p,)``.

        Example:
            >>> sorted_pools(Draws.from_matrix([[0.0, 1.0]])).best_of_redrawn(2)
            array([0.75])
        """
        means = np.empty(self.counts.size)
        for prompts, block in zip(self.members, self.blocks, strict=True):
            m = block.shape[1]
            best = block[:, -1]
            means[prompts] = best + (block - best[:, None]) @ redrawn_shares(m, n)
        return means

    def best_of_spread(self, n: int) -> Float64[np.ndarray, " p"]:
        """Variance of one reward that best-of-N keeps, on the draws drawn again.

        Args:
            n: Number of draws of which the best is kept, at least 1.

        Returns:
            One variance a prompt, shape ``(p,)``.

        Example:
            >>> sorted_pools(Draws.from_matrix([[0.0, 1.0]])).best_of_spread(2)
            array([0.1875])
        """
        means, spread = self.best_of_redrawn(n), np.empty(self.counts.size)
        for prompts, block in zip(self.members, self.blocks, strict=True):
            shares = redrawn_shares(block.shape[1], n)
            spread[prompts] = (block - means[prompts, None]) ** 2 @ shares
        return spread


def sorted_pools(draws: Draws) -> Pools:
    """Sort the rewards of every prompt.

    Args:
        draws: Draws of the reference policy.

    Returns:
        The sorted rewards.

    Example:
        >>> sorted_pools(Draws.from_matrix([[1.0, 0.0], [3.0]])).rewards
        array([0., 1., 3.])
    """
    rewards = draws.rewards.copy()
    members = list(_members(draws.counts))
    blocks = [_sorted(rewards, draws.offsets, prompts) for prompts in members]
    return Pools(draws.offsets, rewards, tuple(members), tuple(blocks))


def sorted_blocks(
    draws: Draws, *, kept: slice = slice(None)
) -> Iterator[tuple[Int64[np.ndarray, " q"], Float64[np.ndarray, "q m"]]]:
    """Sort the rewards of some prompts at a time, so that never all are there twice.

    Args:
        draws: Draws of the reference policy.
        kept: Which of the draws of every prompt.

    Yields:
        Prompts with equally many draws, and their sorted rewards, a row a prompt.

    Example:
        >>> draws = Draws.from_matrix([[3.0, 0.0, 2.0]])
        >>> [block for _, block in sorted_blocks(draws, kept=slice(0, None, 2))]
        [array([[2., 3.]])]
    """
    for prompts in _members(draws.counts):
        ranks = np.arange(draws.counts[prompts[0]])[kept]
        where = draws.offsets[prompts][:, None] + ranks
        yield prompts, np.sort(draws.rewards[where], axis=1)


def _members(counts: Int64[np.ndarray, " p"]) -> Iterator[Int64[np.ndarray, " _"]]:
    for count in np.unique(counts):
        prompts = np.flatnonzero(counts == count)
        together = max(_TOGETHER // int(count), 1)
        yield from np.split(prompts, range(together, prompts.size, together))


def _sorted(
    rewards: Float64[np.ndarray, " n"],
    offsets: Int64[np.ndarray, " p1"],
    prompts: Int64[np.ndarray, " q"],
) -> Float64[np.ndarray, "q m"]:
    """Sort the rewards of some prompts in place: a view of them where they are neighbours."""
    first, last = prompts[0], prompts[-1]
    count = offsets[first + 1] - offsets[first]
    if last - first + 1 == prompts.size:
        block = rewards[offsets[first] : offsets[last + 1]].reshape(-1, count)
        block.sort(axis=1)
        return block
    where = offsets[prompts][:, None] + np.arange(count)
    block = np.sort(rewards[where], axis=1)
    rewards[where] = block
    return block
