"""Randomness: one root seed, one stream for every draw."""

import numpy as np

__all__ = ["draw_seed"]


def draw_seed(root: int, *, prompt: int, draw: int) -> int:
    """The seed of draw ``draw`` for prompt ``prompt``.

    It depends on nothing else, so batch size, order and number of workers leave results alone.

    Args:
        root: Seed of the run.
        prompt: Index of the prompt in its data set.
        draw: Index of the draw for that prompt.

    Returns:
        A seed in ``[0, 2**63)``.

    Example:
        >>> draw_seed(0, prompt=3, draw=1) == draw_seed(0, prompt=3, draw=1)
        True
        >>> draw_seed(0, prompt=3, draw=1) == draw_seed(0, prompt=1, draw=3)
        False
    """
    stream = np.random.SeedSequence(root, spawn_key=(prompt, draw))
    return int(stream.generate_state(1, np.uint64)[0] >> np.uint64(1))
