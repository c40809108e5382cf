"""A fixed number of draws, spread over prompts where they gain most."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from klimit.core.errors import InputError, InsufficientDataError
from klimit.core.results import Estimate, Result
from klimit.core.scalars import count
from klimit.estimate.best_of.order_statistics import kept_variances, subset_shares
from klimit.estimate.best_of.pools import WithinPrompts, sorted_blocks
from klimit.estimate.draws import Draws
from klimit.estimate.plan.gains import largest_gains, shrunken_gains
from klimit.estimate.uncertainty import check_level, check_prompts

__all__ = ["Allocation", "allocate_draws"]

_HALVES = slice(0, None, 2), slice(1, None, 2)  # of the draws of every prompt
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

    def spent(kept: slice) -> Int64[np.ndarray, " p"]:
        gains = shrunken_gains(sorted_blocks(draws, kept=kept), prompts=p, most=most)
        return largest_gains(gains, caps=caps, total=total)

    crossed = [spent(half) for half in reversed(_HALVES)]
    even = _uniform(caps, total)
    halves = [_measured(draws, half, n, even) for half, n in zip(_HALVES, crossed, strict=True)]
    reward, uniform, gain = (_mean(*of_halves) for of_halves in zip(*halves, strict=True))
    return Allocation(
        prompts=draws.prompts,
        n=spent(slice(None)),
        total=total,
        reward=reward.mean(prompts=prompts, level=level),
        uniform=uniform.mean(prompts=prompts, level=level),
        gain=gain.mean(prompts=prompts, level=level),
    )


def _uniform(caps: Int64[np.ndarray, " p"], total: int) -> Int64[np.ndarray, " p"]:
    """As equal as whole numbers and caps let it be, the first prompts getting what is left."""
    falling = np.arange(int(caps.max()) - 1, 0, -1, dtype=np.float64)
    even = np.broadcast_to(falling, (caps.size, falling.size))
    return largest_gains(even, caps=caps, total=total)


def _measured(
    draws: Draws,
    half: slice,
    n: Int64[np.ndarray, " p"],
    even: Int64[np.ndarray, " p"],
) -> tuple[WithinPrompts, WithinPrompts, WithinPrompts]:
    """On some draws of every prompt: the reward of ``n``, that of ``even``, the difference."""
    none = np.zeros_like(n)
    settings = [(n, none), (even, none), (n, even)]
    numbers = np.zeros((len(settings), 3, n.size))
    for prompts, block in sorted_blocks(draws, kept=half):
        for found, (more, fewer) in zip(numbers, settings, strict=True):
            pairs = np.stack([more[prompts], fewer[prompts]])
            for pair in np.unique(pairs, axis=1).T:
                here = (pairs == pair[:, None]).all(axis=0)
                found[:, prompts[here]] = _difference(block[here], *pair.tolist())
    reward, uniform, gain = (WithinPrompts(*found) for found in numbers)
    return reward, uniform, gain


def _mean(one: WithinPrompts, other: WithinPrompts) -> WithinPrompts:
    """The mean over both halves of the draws."""
    return WithinPrompts(
        (one.values + other.values) / 2,
        (one.variances + other.variances) / 4,
        (one.doubts + other.doubts) / 16,
    )


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
