"""The rewards of every prompt in order, prompts with equally many draws together."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from klimit.core.results import Estimate, Result
from klimit.estimate.draws import Draws
from klimit.estimate.order_statistics import best_of_means, best_of_variances
from klimit.estimate.uncertainty import mean_over_prompts

__all__ = ["Pools", "WithinPrompts", "sorted_pools"]


@dataclass(frozen=True, slots=True, eq=False)
class WithinPrompts(Result):
    """One number a prompt, with what its draws say of its error.

    Attributes:
        values: One number a prompt, shape ``(p,)``.
        variances: Their variances over the draws, shape ``(p,)``; ``inf`` where unknown.
        doubts: Variances of those variances, shape ``(p,)``.
    """

    values: Float64[np.ndarray, " p"]
    variances: Float64[np.ndarray, " p"]
    doubts: Float64[np.ndarray, " p"]

    @property
    def freedom(self) -> float:
        """Degrees of freedom of the summed variances (Satterthwaite), at least 1."""
        doubt = float(self.doubts.sum())
        if not (0 < doubt < np.inf):
            return np.inf
        return max(1.0, 2 * float(self.variances.sum()) ** 2 / doubt)

    def only(self, prompts: Bool[np.ndarray, " p"]) -> "WithinPrompts":
        """Some of the prompts.

        Args:
            prompts: Which, shape ``(p,)``.

        Returns:
            Their numbers.
        """
        return WithinPrompts(
            self.values[prompts], self.variances[prompts], self.doubts[prompts]
        )

    def less(self, other: "WithinPrompts") -> "WithinPrompts":
        """The difference from independent draws of the same prompts.

        Args:
            other: What is subtracted, prompt by prompt.

        Returns:
            The differences; the variances add.
        """
        return WithinPrompts(
            self.values - other.values,
            self.variances + other.variances,
            self.doubts + other.doubts,
        )

    def mean(self, *, prompts: str, level: float) -> Estimate:
        """The mean over prompts with its interval.

        Args:
            prompts: ``"sampled"`` or ``"fixed"``.
            level: Nominal coverage, in (0, 1).

        Returns:
            The estimate.

        Raises:
            InsufficientDataError: One prompt, where prompts are sampled.
        """
        return mean_over_prompts(
            self.values, self.variances, prompts=prompts, level=level, freedom=self.freedom
        )


@dataclass(frozen=True, slots=True, eq=False)
class Pools(Result):
    """The rewards of each prompt by rising value.

    Attributes:
        offsets: Where each prompt's block begins and the last ends, shape ``(p + 1,)``.
        rewards: The rewards, sorted within each prompt, shape ``(n,)``.
        members: For each number of draws, the prompts that have it.
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
            Unbiased means; ``nan`` for prompts with fewer draws, and for variances that were
            not asked for.

        Example:
            >>> pools = sorted_pools(Draws.from_matrix([[1.0, 0.0], [3.0]]))
            >>> pools.best_of(2, errors=False).values
            array([ 1., nan])
        """
        values, variances, doubts = (np.full(self.counts.size, np.nan) for _ in range(3))
        for prompts, block in zip(self.members, self.blocks, strict=True):
            if block.shape[1] >= n:
                values[prompts] = best_of_means(block, n=n)
                if errors:
                    variances[prompts], doubts[prompts] = best_of_variances(block, n=n)
        return WithinPrompts(values, variances, doubts)


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
    counts, starts = draws.counts, draws.offsets[:-1]
    rewards = np.empty_like(draws.rewards)
    members, blocks = [], []
    for count in np.unique(counts):
        prompts = np.flatnonzero(counts == count)
        where = starts[prompts][:, None] + np.arange(count)
        block = np.sort(draws.rewards[where], axis=1)
        rewards[where] = block
        members.append(prompts)
        blocks.append(block)
    return Pools(draws.offsets, rewards, tuple(members), tuple(blocks))
