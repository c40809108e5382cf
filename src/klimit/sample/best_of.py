"""Best-of-N, run: of every N draws the best is kept."""

import numpy as np

from klimit.core.errors import InputError, InsufficientDataError
from klimit.estimate.draws import Draws

__all__ = ["keep_best"]


def keep_best(draws: Draws, *, n: int) -> Draws:
    """Keep the best of every ``n`` draws of a prompt, in the order they were drawn.

    Nothing is drawn twice: ``m`` draws give ``m // n`` independent winners, and what is left
    over is not used. Of tied draws the first is kept.

    Args:
        draws: Draws of the reference policy.
        n: Number of draws of which the best is kept, at least 1.

    Returns:
        The winners, with their further columns and texts; prompts with fewer than ``n`` draws
        are left out.

    Raises:
        InputError: ``n`` is less than 1.
        InsufficientDataError: No prompt has ``n`` draws.

    Example:
        >>> keep_best(Draws.from_matrix([[1.0, 3.0, 2.0, 0.0, 9.0]]), n=2).rewards
        array([3., 2.])
    """
    if n < 1:
        raise InputError(f"n must be at least 1, got {n}")
    winners = draws.counts // n
    if not winners.any():
        raise InsufficientDataError(
            f"best-of-{n} needs a prompt with {n} draws, the most is {draws.counts.max()}"
        )
    kept = [
        start + n * block + int(np.argmax(draws.rewards[start + n * block :][:n]))
        for start, blocks in zip(draws.offsets[:-1], winners, strict=True)
        for block in range(blocks)
    ]
    index = np.array(kept, dtype=np.int64)
    enough = winners > 0
    return Draws.from_blocks(
        tuple(p for p, some in zip(draws.prompts, enough, strict=True) if some),
        np.concatenate([[0], np.cumsum(winners[enough])]),
        draws.rewards[index],
        {name: column[index] for name, column in draws.columns.items()},
        None if draws.texts is None else [draws.texts[i] for i in index],
    )
