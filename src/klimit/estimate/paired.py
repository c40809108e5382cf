"""Numbers of every draw, averaged within prompts."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.estimate.draws import Draws
from klimit.estimate.parts import by_parts

__all__ = ["PromptMeans", "prompt_means"]


@dataclass(frozen=True, slots=True, eq=False)
class PromptMeans:
    """The mean of something at every prompt, and its variance over the draws.

    Sums and multiples of these are taken prompt by prompt, so that what two policies share at
    a prompt cancels.

    Attributes:
        mean: One mean a prompt, shape ``(p,)``.
        variance: Its variance over the draws, shape ``(p,)``; ``inf`` from a single draw.
    """

    mean: Float64[np.ndarray, " p"]
    variance: Float64[np.ndarray, " p"]


def prompt_means(draws: Draws, values: Float64[np.ndarray, " n"]) -> PromptMeans:
    """Average a number of every draw within prompts.

    Args:
        draws: The draws, for their grouping.
        values: One finite number a draw, shape ``(n,)``.

    Returns:
        Means and their variances.

    Example:
        >>> draws = Draws.from_matrix([[0.0, 1.0], [2.0, 4.0]])
        >>> prompt_means(draws, draws.rewards).mean
        array([0.5, 3. ])
    """
    return PromptMeans(*by_parts(draws, lambda part: _means(part.draws, values[part.rows])))


def _means(draws: Draws, values: Float64[np.ndarray, " m"]) -> Float64[np.ndarray, "2 q"]:
    starts, counts = draws.offsets[:-1], draws.counts
    first = np.repeat(values[starts], counts)
    mean = values[starts] + np.add.reduceat(values - first, starts) / counts
    squares = np.add.reduceat((values - np.repeat(mean, counts)) ** 2, starts)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.where(counts > 1, squares / (counts * (counts - 1.0)), np.inf)
    return np.stack([mean, variance])
