"""Noise taken from the mean of log ratios by what is known to be 0 on average."""

import numpy as np
from jaxtyping import Float64

__all__ = ["steadied"]

_FOLDS = 5
_LARGEST = 50.0  # log of a ratio beyond which it is cut: it has no weight under the policy


def steadied(ratio: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    r"""Log ratios of a policy's draws plus a multiple of the control variate ``p / pi - 1``.

    Under the policy the control variate has mean 0 wherever the policy can say all that the
    reference does. Its coefficient, between 0 and 1, is fitted on the other four fifths of the
    draws, so that the mean keeps its expectation.

    Args:
        ratio: ``log pi - log p`` of every draw, in nats, finite, shape ``(n,)``.

    Returns:
        Numbers of the same expectation, shape ``(n,)``.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> ratio = rng.normal(0.02, 0.2, size=4000)  # N(0.2, 1) against N(0, 1)
        >>> print(ratio.std().round(3), steadied(ratio).std().round(3))
        0.2 0.028

    References:
        Schulman (2020), Approximating KL divergence: its ``k3`` has the coefficient 1.
    """
    control = np.expm1(np.minimum(-ratio, _LARGEST))
    fold, terms = np.arange(ratio.size) % _FOLDS, ratio.copy()
    for k in range(_FOLDS):
        rest = fold != k
        centred = ratio[rest] - ratio[rest].mean() if rest.any() else ratio[rest]
        square = control[rest] @ control[rest]
        fitted = -(centred @ control[rest]) / square if square > 0 else 0.0
        terms[~rest] += np.clip(fitted, 0.0, 1.0) * control[~rest]
    return terms
