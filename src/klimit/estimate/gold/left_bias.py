"""What bias a reweighted mean may have once the jackknife has removed the first order."""

from math import comb

import numpy as np
from jaxtyping import Float64, Int64

from klimit.estimate.weighted_sums import weighted_sums

__all__ = ["left_bias"]

_ORDER = 6  # of the weights: two draws of a quarter of all weight each leave out two per cent


def left_bias(
    counts: Int64[np.ndarray, " p"],
    weights: Float64[np.ndarray, "b n"],
    columns: Float64[np.ndarray, "c n"],
    means: Float64[np.ndarray, "p b c"],
) -> Float64[np.ndarray, "p b c"]:
    r"""The jackknife of second order less that of first, from power sums of the weights.

    Leaving out draws ``i`` and ``j`` changes the mean by

    .. math:: -(w_i y_i + w_j y_j) / (1 - w_i - w_j) ,

    ``y`` about the mean, a geometric series in ``w_i + w_j`` whose terms sum over pairs in
    closed form.

    Args:
        counts: Number of draws of each prompt, shape ``(p,)``.
        weights: Weights that sum to 1 at every prompt, shape ``(b, n)``.
        columns: Numbers of the draws, shape ``(c, n)``.
        means: Their weighted means, shape ``(p, b, c)``.

    Returns:
        What the second order adds, shape ``(p, b, c)``; 0 for fewer than three draws.

    Example:
        >>> weights, column = np.full((1, 8), 1 / 8), np.arange(8.0)[None]
        >>> abs(left_bias(np.array([8]), weights, column, np.full((1, 1, 1), 3.5)).round(12))
        array([[[0.]]])
    """
    m = counts[:, None, None].astype(np.float64)
    ones = np.vstack([np.ones(weights.shape[1]), columns])
    power, plain, lean = weights, [np.broadcast_to(m, means[:, :, :1].shape)], [m * 0]
    for _ in range(_ORDER + 1):
        sums = weighted_sums(counts, power, ones)
        plain.append(sums[:, :, :1])
        lean.append(sums[:, :, 1:] - means * sums[:, :, :1])
        power = power * weights
    one = -sum(lean[k] for k in range(2, _ORDER + 2)) / m
    pairs = sum(
        comb(r, s) * (lean[1 + r - s] * plain[s] - lean[1 + r])
        for r in range(_ORDER + 1)
        for s in range(r + 1)
    )
    two = -2 * pairs / np.maximum(m * (m - 1), 1)
    added: Float64[np.ndarray, "p b c"] = ((m - 2) ** 2 * two - 2 * (m - 1) ** 2 * one) / 2
    added = added + (m - 1) * one
    return np.where(m > 2, added, 0.0)
