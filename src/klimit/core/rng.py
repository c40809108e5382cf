"""Randomness: one root seed, one seed for every draw, no two alike."""

from typing import Final

import numpy as np

from klimit.core.errors import InputError

__all__ = ["MOST_DRAWS", "MOST_PROMPTS", "draw_seed"]

MOST_DRAWS: Final = 2**16
MOST_PROMPTS: Final = 2**14
_BASES: Final = 2**30


def draw_seed(root: int, *, prompt: int, draw: int) -> int:
    """The seed of draw ``draw`` for prompt ``prompt``.

    It depends on nothing else, so batch size, order and number of workers leave it alone.
    Engines number the choices of one request from its seed upwards; so here the draws of a
    prompt have neighbouring seeds, however they are cut into requests, and prompts lie apart.

    Args:
        root: Seed of the run, at least 0.
        prompt: Index of the prompt, below ``MOST_PROMPTS``.
        draw: Index of the draw for that prompt, below ``MOST_DRAWS``.

    Returns:
        A seed in ``[0, 2**31)``, what every engine takes; different for every draw of a run.

    Raises:
        InputError: An index or the root is out of range.

    Example:
        >>> first = draw_seed(0, prompt=3, draw=0)
        >>> draw_seed(0, prompt=3, draw=5) - first
        5
        >>> draw_seed(1, prompt=3, draw=0) == first
        False
    """
    if root < 0:
        raise InputError(f"a seed must be at least 0, got {root}")
    if not (0 <= prompt < MOST_PROMPTS and 0 <= draw < MOST_DRAWS):
        raise InputError(
            f"a run has at most {MOST_PROMPTS:,} prompts of {MOST_DRAWS:,} draws each, got "
            f"prompt {prompt}, draw {draw}"
        )
    base = int(np.random.SeedSequence(root).generate_state(1, np.uint32)[0]) % _BASES
    return base + prompt * MOST_DRAWS + draw
