"""Rewards that carry probability of their own: a judge's levels, a verifier's verdicts."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from klimit.core.results import Result
from klimit.estimate.best_of.pools import Pools

__all__ = ["Atoms", "atoms_of"]

_TOGETHER = 1 << 16  # draws that are looked up at a time


@dataclass(frozen=True, slots=True, eq=False)
class Atoms(Result):
    """Every prompt's atoms: how many of its draws lie below, in and above each.

    Attributes:
        prompt: Index of the prompt, rising, shape ``(a,)``.
        kind: Which of the distinct splits each atom has, shape ``(a,)``.
        below: Draws of the prompt below the atom, for each split, shape ``(s,)``.
        size: Draws at the atom, at least 1, shape ``(s,)``.
        above: Draws above it, shape ``(s,)``.
        offsets: Where the draws of each prompt begin and the last end, shape ``(p + 1,)``.
    """

    prompt: Int64[np.ndarray, " a"]
    kind: Int64[np.ndarray, " a"]
    below: Float64[np.ndarray, " s"]
    size: Float64[np.ndarray, " s"]
    above: Float64[np.ndarray, " s"]
    offsets: Int64[np.ndarray, " p1"]


def atoms_of(pools: Pools) -> Atoms:
    """Find the atoms: the rewards seen again anywhere among the draws.

    A reward seen once in the whole table is taken to be part of a continuum.

    Args:
        pools: The sorted rewards of every prompt.

    Returns:
        The atoms of every prompt, in order; equal splits of equal pools are held once, since
        all that depends on the split is worked out for each of them.

    Example:
        >>> from klimit.estimate.best_of.pools import sorted_pools
        >>> from klimit import Draws
        >>> atoms = atoms_of(sorted_pools(Draws.from_matrix([[0.0, 1.0, 1.0], [0.0, 2.0]])))
        >>> atoms.prompt, atoms.size[atoms.kind]
        (array([0, 0, 1]), array([1., 2., 1.]))
    """
    rewards, offsets = pools.rewards, pools.offsets
    fresh = np.append(True, rewards[1:] != rewards[:-1])
    fresh[offsets[:-1]] = True
    starts, sizes = _seen_again(rewards, fresh)
    prompt = np.searchsorted(offsets, starts, side="right") - 1
    below = starts - offsets[prompt]
    counts = pools.counts[prompt]
    most = int(pools.counts.max()) + 1
    if most < 2**21:
        keys = (counts * most + below) * most + sizes
        _, first, kind = np.unique(keys, return_index=True, return_inverse=True)
    else:
        first = kind = np.arange(starts.size)
    splits = np.array([below, sizes, counts - below - sizes], dtype=np.float64)[:, first]
    return Atoms(prompt, kind.astype(np.int64), splits[0], splits[1], splits[2], offsets)


def _seen_again(
    rewards: Float64[np.ndarray, " n"], fresh: Bool[np.ndarray, " n"]
) -> tuple[Int64[np.ndarray, " a"], Int64[np.ndarray, " a"]]:
    """Where equal rewards of a prompt begin that are an atom, and how many they are.

    An atom has two draws or more, or is met elsewhere too. Nothing but the values of the
    groups is held for all draws at a time.
    """
    values = rewards[fresh]
    values.sort()
    again = values[1:][values[1:] == values[:-1]]
    del values
    atom = fresh & ~np.append(fresh[1:], True)
    if again.size:
        for start in range(0, rewards.size, _TOGETHER):
            some = slice(start, start + _TOGETHER)
            near = np.minimum(again.searchsorted(rewards[some]), again.size - 1)
            atom[some] |= fresh[some] & (again[near] == rewards[some])
    starts = np.flatnonzero(atom)
    ends = np.append(np.flatnonzero(fresh), rewards.size)
    return starts, ends[np.searchsorted(ends, starts) + 1] - starts
