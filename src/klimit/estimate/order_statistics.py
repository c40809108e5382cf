"""The exact U-statistic of best-of-N for one prompt's draws."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64, Int64

from klimit.core.errors import InputError

__all__ = ["unbiased_best_of_n"]


def unbiased_best_of_n(
    rewards: Float64[np.ndarray, " m"] | Sequence[float],
    *,
    n: int | Sequence[int] | Int64[np.ndarray, " k"],
    values: Float64[np.ndarray, " m"] | Sequence[float] | None = None,
) -> Float64[np.ndarray, " k"]:
    r"""Expected best of ``n`` draws, without bias, from ``m >= n`` draws of one prompt.

    The average of the best over all subsets of ``n`` draws: the ``i``-th smallest reward is
    the best of

    .. math:: \binom{i - 1}{n - 1} \Big/ \binom{m}{n}

    of them. With ``values`` it is the value of the draw kept that is averaged; among draws of
    equal reward each is kept equally often.

    Args:
        rewards: Rewards of one prompt's draws, finite, shape ``(m,)``.
        n: Numbers of draws of which the best is kept, each between 1 and ``m``.
        values: What the kept draw is worth, a gold reward say, shape ``(m,)``; the reward
            itself where not given.

    Returns:
        One number for each ``n``, shape ``(k,)``.

    Raises:
        InputError: An ``n`` is not between 1 and ``m``, or a number is not finite.

    Example:
        >>> unbiased_best_of_n([0.0, 0.0, 1.0, 3.0], n=[1, 2, 4])
        array([1.        , 1.83333333, 3.        ])
    """
    pool = np.asarray(rewards, dtype=np.float64)
    worth = pool if values is None else np.asarray(values, dtype=np.float64)
    sizes = np.atleast_1d(np.asarray(n))
    if pool.ndim != 1 or worth.shape != pool.shape:
        raise InputError(f"values must be one a reward, {pool.size}, got {worth.size}")
    if not (np.isfinite(pool).all() and np.isfinite(worth).all()):
        raise InputError("rewards and values must be finite; drop the draw or mend the reward")
    if sizes.dtype.kind not in "iu" or (sizes < 1).any() or (sizes > pool.size).any():
        raise InputError(
            f"n must be a whole number between 1 and the {pool.size} draws, got {n}"
        )
    order = np.argsort(pool, kind="stable")
    kept = _mean_within_ties(pool[order], worth[order])
    best = kept[-1]
    return np.array([best + _subset_shares(pool.size, int(k)) @ (kept - best) for k in sizes])


def _mean_within_ties(
    rewards: Float64[np.ndarray, " m"], values: Float64[np.ndarray, " m"]
) -> Float64[np.ndarray, " m"]:
    starts = np.flatnonzero(np.concatenate([[True], rewards[1:] != rewards[:-1]]))
    sizes = np.diff(np.append(starts, rewards.size))
    centre = values.mean()
    level = np.add.reduceat(values - centre, starts) / sizes
    kept: Float64[np.ndarray, " m"] = np.repeat(level, sizes) + centre
    return kept


def _subset_shares(m: int, n: int) -> Float64[np.ndarray, " m"]:
    """Share of the subsets of size ``n`` whose largest is the ``i``-th smallest of ``m``.

    From the top the share falls by ``(i - n) / (i - 1)`` a step, so nothing overflows.
    """
    steps = np.arange(m, n, -1, dtype=np.float64)
    shares = np.zeros(m)
    shares[n - 1 :] = np.cumprod(np.concatenate([[n / m], (steps - n) / (steps - 1)]))[::-1]
    return shares
