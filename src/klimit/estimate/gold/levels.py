"""Which levels of optimisation the draws can speak of, and on which prompts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from klimit.core.errors import InputError, InsufficientDataError
from klimit.core.results import Result
from klimit.estimate.draws import Draws

__all__ = ["OptimisedLevels", "gold_column", "levels_for"]


@dataclass(frozen=True, slots=True, eq=False)
class OptimisedLevels(Result):
    """Levels of optimisation and the prompts that have draws enough for all of them.

    Attributes:
        draws: The draws of these prompts, proxy alone.
        rows: Which of all draws they are, shape ``(n,)``.
        n: Numbers of draws of which the best is kept, in the order asked.
        kl: Budgets in nats, in the order asked.
        reason: What was left out, in words; empty where nothing was.
    """

    draws: Draws
    rows: Bool[np.ndarray, " n"]
    n: Int64[np.ndarray, " k"]
    kl: Float64[np.ndarray, " b"]
    reason: str


def levels_for(
    draws: Draws,
    *,
    n: int | Sequence[int] | Int64[np.ndarray, " k"] | None,
    kl: float | Sequence[float] | Float64[np.ndarray, " b"] | None,
) -> OptimisedLevels:
    """Choose what was not asked for, and leave out prompts with too few draws.

    Args:
        draws: Draws of the reference policy.
        n: Numbers of draws of which the best is kept; if not given 1, 2, 3, 4, 6, 8, ... up to
            half of the draws that nine prompts in ten have.
        kl: Budgets in nats; if not given those of best-of-N at the powers of two.

    Returns:
        The levels.

    Raises:
        InputError: An ``n`` below 1.
        InsufficientDataError: No prompt has as many draws as the largest ``n``.

    Example:
        >>> levels_for(Draws.from_matrix([[0.0] * 16, [0.0] * 9]), n=None, kl=None).n
        array([1, 2, 3, 4])
    """
    usual = int(np.quantile(draws.counts, 0.1, method="lower"))
    sizes = _half_octaves(max(1, usual // 2)) if n is None else np.atleast_1d(np.asarray(n))
    if sizes.size == 0 or sizes.dtype.kind not in "iu" or sizes.min() < 1:
        raise InputError(f"n must be whole numbers, at least 1, got {n}")
    enough = draws.counts >= sizes.max()
    if not enough.any():
        raise InsufficientDataError(
            f"best-of-{sizes.max()} needs a prompt with {sizes.max()} draws, the most is "
            f"{draws.counts.max()}; draw more or ask for a smaller n"
        )
    octaves = 2.0 ** np.arange(int(np.log2(sizes.max())) + 1)
    budgets = np.log(octaves) - (octaves - 1) / octaves if kl is None else np.atleast_1d(kl)
    rows = np.repeat(enough, draws.counts)
    left_out = int((~enough).sum())
    return OptimisedLevels(
        _some(draws, enough, rows) if left_out else draws,
        rows,
        sizes.astype(np.int64),
        budgets.astype(np.float64),
        f"{left_out} prompts have fewer than {sizes.max()} draws and are left out"
        if left_out
        else "",
    )


def gold_column(
    draws: Draws, gold: str | Float64[np.ndarray, " n"]
) -> Float64[np.ndarray, " n"]:
    """The gold reward of every draw, checked.

    Args:
        draws: The draws.
        gold: A further column of theirs, or a number a draw.

    Returns:
        The numbers, shape ``(n,)``.

    Raises:
        InputError: There is no such column, not one number a draw, or one that is not finite.

    Example:
        >>> gold_column(Draws.from_matrix([[0.0, 1.0]]), np.array([2.0, 3.0]))
        array([2., 3.])
    """
    named = isinstance(gold, str)
    values = draws.column(gold) if isinstance(gold, str) else np.asarray(gold, dtype=float)
    what = f"gold column {gold!r}" if named else "gold"
    if values.shape != draws.rewards.shape:
        raise InputError(f"{what} must be one number a draw, {len(draws)}, got {values.shape}")
    missing = int((~np.isfinite(values)).sum())
    if missing:
        raise InputError(
            f"{what} must be finite, {missing} of {len(draws)} are not; drop these draws or "
            "mend the reward"
        )
    return values


def _half_octaves(most: int) -> Int64[np.ndarray, " k"]:
    octaves = 2 ** np.arange(int(np.log2(most)) + 1)
    between = 3 * octaves[: max(octaves.size - 1, 0)]
    sizes = np.unique(np.concatenate([octaves, between]))
    return sizes[sizes <= most]


def _some(draws: Draws, prompts: Bool[np.ndarray, " p"], rows: Bool[np.ndarray, " n"]) -> Draws:
    return Draws.from_blocks(
        tuple(draws.prompts[i] for i in np.flatnonzero(prompts)),
        np.append(0, np.cumsum(draws.counts[prompts])),
        draws.rewards[rows],
    )
