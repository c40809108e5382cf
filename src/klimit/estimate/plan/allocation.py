"""A fixed number of draws, spread over prompts where they gain most."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from klimit.core.errors import InputError, InsufficientDataError
from klimit.core.results import Estimate, Result
from klimit.core.scalars import count
from klimit.estimate.best_of.order_statistics import kept_variances, subset_shares
from klimit.estimate.best_of.pools import Pools, WithinPrompts, sorted_pools
from klimit.estimate.draws import Draws
from klimit.estimate.parts import parts
from klimit.estimate.plan.gains import largest_gains, shrunken_gains
from klimit.estimate.uncertainty import check_level, check_prompts

__all__ = ["Allocation", "allocate_draws"]

_MOST = 256  # draws that one prompt may get
_LEAST = 8  # draws of a prompt, half of them to choose by and half to measure with


@dataclass(frozen=True, slots=True, eq=False)
class Allocation(Result):
    """How many draws each prompt gets, and what that is worth.

    The rewards are those of allocations made from one half of the draws, measured on the other
    half: what a prompt seems to gain by chance does not count.

    Attributes:
        prompts: The prompts.
        n: Draws for each, of which the best is kept, shape ``(p,)``.
        total: Their sum.
        reward: Mean reward with such an allocation.
        uniform: Mean reward with equally many draws for all.
        gain: The difference, paired by prompt.
    """

    prompts: tuple[str | int, ...]
    n: Int64[np.ndarray, " p"]
    total: int
    reward: Estimate
    uniform: Estimate
    gain: Estimate


def allocate_draws(
    draws: Draws, *, total: int, prompts: str = "fixed", level: float = 0.95
) -> Allocation:
    """Spread a number of draws over the prompts, each next one where it adds most.

    The reward of best-of-N is concave in N at every prompt, so that taking the largest of all
    gains is the best allocation; gains that few draws tell are drawn towards those of all
    prompts.

    Args:
        draws: Draws of the reference policy, from which each prompt's gains are estimated; a
            prompt gets less than half as many as it has here.
        total: Number of draws to spend on one response a prompt, at least one each.
        prompts: ``"fixed"`` for these prompts alone, ``"sampled"`` for the population that they
            come from.
        level: Nominal coverage of the intervals, in (0, 1).

    Returns:
        The allocation, with its reward and that of a uniform one.

    Raises:
        InputError: ``total`` is out of range, or another argument is.
        InsufficientDataError: A prompt has too few draws to tell its gains.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> spreads = np.repeat([0.1, 2.0], 20)[:, None]
        >>> draws = Draws.from_matrix(spreads * rng.normal(size=(40, 64)))
        >>> found = allocate_draws(draws, total=160)
        >>> print(found.n[:20].mean(), found.n[20:].mean())
        1.0 7.0
        >>> found.gain.low > 0
        True
    """
    check_prompts(prompts)
    check_level(level)
    total, p = count("total", total), len(draws.prompts)
    if draws.counts.min() < _LEAST:
        few = int((draws.counts < _LEAST).sum())
        raise InsufficientDataError(
            f"an allocation needs {_LEAST} draws of every prompt, {few} of {p} have fewer; "
            "draw more of them or leave them out"
        )
    caps = np.clip(draws.counts // 2 - 1, 1, _MOST)
    if not p <= total <= caps.sum():
        raise InputError(
            f"total must lie between {p}, a draw for each prompt, and {caps.sum()}, "
            f"which is less than half of the draws at hand, got {total}"
        )
    most = max(2, int(caps.max()))

    def spent(known: Draws) -> Int64[np.ndarray, " p"]:
        gains = shrunken_gains(sorted_pools(known), most=most)
        return largest_gains(gains, caps=caps, total=total)

    best, crossed = spent(draws), [spent(_half(draws, odd=odd)) for odd in (1, 0)]
    halves = [sorted_pools(_half(draws, odd=odd)) for odd in (0, 1)]  # again: gains are large
    even = _uniform(caps, total)
    return Allocation(
        prompts=draws.prompts,
        n=best,
        total=total,
        reward=_measured(halves, crossed).mean(prompts=prompts, level=level),
        uniform=_measured(halves, [even, even]).mean(prompts=prompts, level=level),
        gain=_measured(halves, crossed, less=even).mean(prompts=prompts, level=level),
    )


def _half(draws: Draws, *, odd: int) -> Draws:
    """Every second draw of each prompt."""
    counts = (draws.counts + 1 - odd) // 2
    offsets = np.concatenate([[0], np.cumsum(counts)])
    rewards = np.empty(offsets[-1])
    for part in parts(draws):
        own = slice(offsets[part.prompts.start], offsets[part.prompts.stop])
        rewards[own] = _every_second(part.draws, odd)
    return Draws.from_blocks(draws.prompts, offsets, rewards)


def _every_second(draws: Draws, odd: int) -> Float64[np.ndarray, " h"]:
    place = np.arange(len(draws)) - np.repeat(draws.offsets[:-1], draws.counts)
    half: Float64[np.ndarray, " h"] = draws.rewards[place % 2 == odd]
    return half


def _uniform(caps: Int64[np.ndarray, " p"], total: int) -> Int64[np.ndarray, " p"]:
    """As equal as whole numbers and caps let it be, the first prompts getting what is left."""
    falling = np.arange(int(caps.max()) - 1, 0, -1, dtype=np.float64)
    even = np.broadcast_to(falling, (caps.size, falling.size))
    return largest_gains(even, caps=caps, total=total)


def _measured(
    halves: Sequence[Pools],
    numbers: Sequence[Int64[np.ndarray, " p"]],
    *,
    less: Int64[np.ndarray, " p"] | None = None,
) -> WithinPrompts:
    """The mean over both halves of the reward of so many draws, or of the difference."""
    one, other = (_of(half, n, less) for half, n in zip(halves, numbers, strict=True))
    return WithinPrompts(
        (one.values + other.values) / 2,
        (one.variances + other.variances) / 4,
        (one.doubts + other.doubts) / 16,
    )


def _of(
    pools: Pools, n: Int64[np.ndarray, " p"], less: Int64[np.ndarray, " p"] | None
) -> WithinPrompts:
    numbers = np.zeros((3, n.size))
    for prompts, block in zip(pools.members, pools.blocks, strict=True):
        pairs = np.stack(
            [n[prompts], np.zeros(prompts.size, int) if less is None else less[prompts]]
        )
        for more, fewer in np.unique(pairs, axis=1).T:
            here = (pairs == [[more], [fewer]]).all(axis=0)
            numbers[:, prompts[here]] = _difference(block[here], int(more), int(fewer))
    return WithinPrompts(*numbers)


def _difference(
    block: Float64[np.ndarray, "q m"], more: int, fewer: int
) -> Float64[np.ndarray, "3 q"]:
    """Best of ``more`` less best of ``fewer``, which may be 0 for none; value and variances."""

    def shares(m: int) -> Float64[np.ndarray, " m"]:
        taken = subset_shares(m, min(more, m))
        return np.asarray(taken - subset_shares(m, min(fewer, m)) if fewer else taken)

    m = block.shape[1]
    variances = (
        kept_variances(block, shares=shares(m - 1)) if m > 1 else np.full((2, 1), np.inf)
    )
    return np.array([block @ shares(m), *variances])
