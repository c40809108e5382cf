"""How far few draws leave the divergence of a tilt uncertain."""

import numpy as np
from jaxtyping import Float64, Int64

from klimit.estimate.frontier.sums import TiltSums

__all__ = ["kl_variance"]


def kl_variance(
    tilt: TiltSums, twice: TiltSums, *, counts: Int64[np.ndarray, " p"]
) -> Float64[np.ndarray, " p"]:
    r"""Variance over the draws of the tilt's divergence; 0 for a single draw.

    A draw of weight :math:`w` moves it by :math:`w\,(\beta (r - \bar r) - 1) + 1/m`. The sum of
    the squares of these is a mean under twice the beta, where weights are as the squares are.

    Args:
        tilt: A tilt of the draws.
        twice: That of twice its beta.
        counts: Number of draws of each prompt, shape ``(p,)``.

    Returns:
        The variances, shape ``(p,)``.

    Example:
        >>> from klimit.estimate.frontier.sums import sum_directly
        >>> table = sum_directly(np.array([0.0, 1.0, 2.0]), np.array([3]))
        >>> tilt, twice = (table.at(np.full(1, beta)) for beta in (1.0, 2.0))
        >>> kl_variance(tilt, twice, counts=table.counts).round(3)
        array([0.023])
    """
    m = counts.astype(np.float64)
    moved = tilt.beta * (twice.reward - tilt.reward) - 1
    square = tilt.squares * (tilt.beta**2 * twice.variance + moved**2)
    return np.asarray(np.maximum(square - 1 / m, 0.0) * m / np.maximum(m - 1, 1.0))
