"""The exact U-statistic of best-of-N for one prompt's draws."""

from collections.abc import Sequence
from math import ceil

import numpy as np
from jaxtyping import Float64, Int64

from klimit.core.errors import InputError

__all__ = [
    "best_of_means",
    "kept_variances",
    "redrawn_shares",
    "subset_shares",
    "unbiased_best_of_n",
    "without_one",
]

_UNDERFLOW = 746.0  # exp(-746) is 0 to a float


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
    kept = np.sort(pool) if values is None else _kept(pool, worth)
    return np.array([best_of_means(kept[None, :], n=int(k))[0] for k in sizes])


def best_of_means(kept: Float64[np.ndarray, "q m"], *, n: int) -> Float64[np.ndarray, " q"]:
    """Best-of-N of several prompts with equally many draws each.

    Args:
        kept: What each draw is worth, a row a prompt, by rising reward, shape ``(q, m)``.
        n: Number of draws of which the best is kept, between 1 and ``m``.

    Returns:
        The unbiased means, shape ``(q,)``.

    Example:
        >>> best_of_means(np.array([[0.0, 1.0, 3.0], [0.0, 0.0, 3.0]]), n=2)
        array([2.33333333, 2.        ])
    """
    best = kept[:, -1]
    mean: Float64[np.ndarray, " q"] = best + (kept - best[:, None]) @ subset_shares(
        kept.shape[1], n
    )
    return mean


def without_one(
    kept: Float64[np.ndarray, "q m"], *, shares: Float64[np.ndarray, " r"]
) -> Float64[np.ndarray, "q m"]:
    r"""Any mean that gives each rank a share, with each draw left out in turn.

    With the ``j``-th smallest draw left out the mean is ``u_j``, and as ``j`` rises by one

    .. math:: u_{j + 1} - u_j = \text{share}_j \, (x_j - x_{j + 1})

    Args:
        kept: What each draw is worth, a row a prompt, by rising reward, shape ``(q, m)``.
        shares: Shares of the ranks where one draw is left out, shape ``(m - 1,)``.

    Returns:
        The means up to a constant for each prompt, shape ``(q, m)``.

    Example:
        >>> without_one(np.array([[0.0, 1.0, 2.0]]), shares=np.full(2, 1 / 2))
        array([[ 0. , -0.5, -1. ]])
    """
    q, m = kept.shape
    left = np.zeros((q, m))
    np.cumsum(-np.diff(kept, axis=1) * shares, axis=1, out=left[:, 1:])
    return left


def kept_variances(
    kept: Float64[np.ndarray, "q m"], *, shares: Float64[np.ndarray, " r"]
) -> tuple[Float64[np.ndarray, " q"], Float64[np.ndarray, " q"]]:
    """Jackknife variances of any mean that gives each rank a share.

    Args:
        kept: What each draw is worth, a row a prompt, by rising reward, shape ``(q, m)``.
        shares: Shares of the ranks where one draw is left out, shape ``(m - 1,)``.

    Returns:
        The variances and how uncertain these are, themselves as variances, both of shape
        ``(q,)``.

    Example:
        >>> kept_variances(np.array([[0.0, 1.0, 2.0, 3.0]]), shares=np.full(3, 1 / 3))[0]
        array([0.41666667])
    """
    m = kept.shape[1]
    left = without_one(kept, shares=shares)
    left -= left.mean(axis=1, keepdims=True)
    squares = left**2
    return (m - 1) * squares.mean(axis=1), (m - 1) ** 2 * squares.var(axis=1) / m


def subset_shares(m: int, n: int) -> Float64[np.ndarray, " m"]:
    """Share of the subsets of size ``n`` whose largest is the ``i``-th smallest of ``m``.

    From the top the share falls by ``(i - n) / (i - 1)`` a step, so nothing overflows.

    Args:
        m: Number of draws.
        n: Size of the subsets, between 1 and ``m``.

    Returns:
        The shares by rising rank, which sum to 1, shape ``(m,)``.

    Example:
        >>> subset_shares(4, 2)
        array([0.        , 0.16666667, 0.33333333, 0.5       ])
    """
    # each step is one by exp(-(n - 1) / (m - 1)) or less: behind these all are 0 to a float
    reached = m - n if n == 1 else min(m - n, ceil(_UNDERFLOW * (m - 1) / (n - 1)))
    steps = np.arange(m, m - reached, -1, dtype=np.float64)
    falling = np.empty(reached + 1)
    falling[0] = n / m
    np.divide(steps - n, steps - 1, out=falling[1:])
    shares = np.zeros(m)
    np.cumprod(falling, out=shares[::-1][: reached + 1])
    return shares


def redrawn_shares(m: int, n: int) -> Float64[np.ndarray, " m"]:
    """Share of ``n`` draws with replacement whose largest is the ``i``-th smallest of ``m``.

    Args:
        m: Number of draws.
        n: How often one of them is drawn, at least 1.

    Returns:
        The shares by rising rank, which sum to 1, shape ``(m,)``.

    Example:
        >>> redrawn_shares(4, 2)
        array([0.0625, 0.1875, 0.3125, 0.4375])
    """
    return np.asarray(np.diff((np.arange(m + 1) / m) ** n))


def _kept(
    rewards: Float64[np.ndarray, " m"], values: Float64[np.ndarray, " m"]
) -> Float64[np.ndarray, " m"]:
    """Values by rising reward, averaged over draws of equal reward."""
    order = np.argsort(rewards, kind="stable")
    ranked, worth = rewards[order], values[order]
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    sizes = np.diff(np.append(starts, ranked.size))
    centre = worth.mean()
    level = np.add.reduceat(worth - centre, starts) / sizes
    kept: Float64[np.ndarray, " m"] = np.repeat(level, sizes) + centre
    return kept
