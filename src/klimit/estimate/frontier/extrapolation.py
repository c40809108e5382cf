"""The bias that few draws leave, extrapolated from what the jackknife removes of it."""

from dataclasses import dataclass
from math import hypot

import numpy as np
from jaxtyping import Float64

from klimit.core.results import Result

__all__ = ["Extrapolated", "extrapolated", "widening"]

_SLOWEST, _FASTEST = 0.4, 2.0  # decays of the bias between which it is extrapolated
_NOTHING = 1e-300  # a bias below which its decay has no digits
_CAUTION = 2.5  # standard errors by which the decay may be slower than it seems,
_SHARE = 0.7  # and the share of it that may be all there is with rarer, larger draws unseen
_SHARE_OF_TAIL = 0.5  # the same for the decay that the tail of the weights tells


@dataclass(frozen=True, slots=True, eq=False)
class Extrapolated(Result):
    """What is added to the cgf, or to the reward, of every prompt to remove its bias.

    Attributes:
        added: What is added, shape ``(p,)``.
        decay: The bias falls like ``m ** -decay``.
        doubt: Standard error of what may be left of it.
        upward: How much more it may be if the decay is slower than it seems.
    """

    added: Float64[np.ndarray, " p"]
    decay: float
    doubt: float
    upward: float


def extrapolated(
    bias: Float64[np.ndarray, " p"],
    change: Float64[np.ndarray, " p"],
    *,
    ess: float = np.inf,
    tail: float = np.inf,
) -> Extrapolated:
    r"""What removes the bias, between the jackknife and its extrapolation.

    Let the bias fall like :math:`m^{-a}`. The jackknife adds ``bias``, as if ``a`` were 1; from
    ``change = a * bias`` one has ``a``, and ``bias / a`` adds all of it. The truth lies between
    the two for most laws, so their middle is added, and half their distance is the doubt, with
    the next order of the bias, which is less than this one by the effective number of draws.

    Args:
        bias: What the jackknife adds to each prompt, shape ``(p,)``.
        change: How it changes with the number of draws, shape ``(p,)``.
        ess: Effective number of draws a prompt.
        tail: The decay that the tail of the weights lets one expect (`tail_decay`).

    Returns:
        What to add.
    """
    mean, p = float(bias.mean()), bias.size
    if mean <= _NOTHING:
        return Extrapolated(bias, 1.0, abs(mean) / 2, 0.0)
    decay = float(change.mean()) / mean
    stderr = float(np.linalg.norm(change - decay * bias)) / p / mean
    slow = 1 / min(max(decay, _SLOWEST), _FASTEST)
    # (2 slow - 1) bias - slow^2 change: the sum of bias^2 / change, linear in every prompt
    further = (2 * slow - 1) * bias - slow**2 * change
    if not _SLOWEST < decay < _FASTEST:
        further = (slow - 1) * bias
    added = bias + further / 2
    # the slower the decay seems, the more of the tail that rules it may be unseen
    cube = min(max(decay, 0.0), _FASTEST) ** 3
    least = min(decay - _CAUTION * stderr, _SHARE * decay, cube, _SHARE_OF_TAIL * tail)
    slowest = 1 / min(max(least, 0.2), _FASTEST)
    removed = float(added.mean())
    upward = slowest * mean - removed if slowest > 1 else 0.0
    doubt = hypot(float(further.mean()) / 2, removed / (2 * ess))
    return Extrapolated(added, decay, doubt, max(upward, 0.0))


def widening(decay: float) -> float:
    """How many times the variance of the draws themselves an error has.

    Where the bias falls slowly, rare draws decide, and the error falls slowly too.

    Args:
        decay: The bias falls like ``m ** -decay``.

    Returns:
        The factor, at least 1.

    Example:
        >>> widening(1.0), widening(0.5)
        (1.0, 2.0)
    """
    return max(1 / max(decay, _SLOWEST), 1.0)
