"""What the largest rewards tell of the tail of the weights, and so of the bias they leave.

A shape for each prompt: their mean is the Pareto shape that is shown, and tells how fast the
bias of a frontier falls. That of a tilt at a given beta is told by one shape that all prompts
share (`heavy_tails`), which says as well from which beta on the weights have no variance.
"""

import numpy as np
from jaxtyping import Float64, Int64

from klimit.estimate.draws import Draws

__all__ = ["mean_tail_shape", "tail_decay", "tail_shape", "tail_sizes", "tail_terms"]

_ROUNDING = 1e-12  # of the moments of tied rewards


def tail_sizes(counts: Int64[np.ndarray, " p"]) -> Int64[np.ndarray, " p"]:
    """How many of the best rewards tell of the tail: a fifth, or fewer.

    Args:
        counts: Number of rewards of each prompt, shape ``(p,)``.

    Returns:
        The numbers, each less than ``counts``.

    Example:
        >>> tail_sizes(np.array([4, 100, 10_000]))
        array([  0,  20, 300])
    """
    return np.asarray(np.minimum(0.2 * counts, 3 * counts**0.5).astype(np.int64))


def tail_terms(
    rising: Float64[np.ndarray, " s"],
    counts: Int64[np.ndarray, " p"],
    *,
    ends: Int64[np.ndarray, " p"] | None = None,
) -> Float64[np.ndarray, "2 p"]:
    r"""What the largest fifth of the rewards, or fewer, tell of the tail of the weights.

    With :math:`M_1` and :math:`M_2` the first and second moment of what they exceed the next
    one by, the weights ``exp(beta r)`` have the Pareto shape

    .. math:: \beta M_1 + 1 - \tfrac12 (1 - M_1^2 / M_2)^{-1}

    Args:
        rising: Rewards of each prompt, sorted, prompt after prompt, shape ``(s,)``.
        counts: Number of rewards of each prompt, each at least 1, shape ``(p,)``.
        ends: Where in ``rising`` the rewards of each prompt end, shape ``(p,)``, where it has
            only their best, one more than `tail_sizes` at least; otherwise all are there.

    Returns:
        :math:`M_1` and the rest of the shape, of every prompt; 0 and ``-inf`` where these
        rewards are tied, ``nan`` where they are fewer than five.

    Example:
        >>> tail_terms(np.arange(25.0), np.array([25])).round(6).tolist()
        [[3.0], [-1.75]]

    References:
        Dekkers, Einmahl, de Haan (1989), A moment estimator for the index of an extreme-value
        distribution.
    """
    ends = np.cumsum(counts) if ends is None else ends
    sizes = tail_sizes(counts)
    thresholds = rising[ends - sizes - 1]
    few = (sizes < 4) & (rising[ends - 1] > thresholds)
    terms = np.stack([np.where(few, np.nan, 0.0), np.where(few, np.nan, -np.inf)])
    told = np.flatnonzero(sizes >= 4)
    sizes = sizes[told]
    starts = np.cumsum(sizes) - sizes
    at = np.arange(sizes.sum()) + np.repeat(ends[told] - sizes - starts, sizes)
    excess = rising[at] - np.repeat(thresholds[told], sizes)
    if told.size:
        first = np.add.reduceat(excess, starts) / sizes
        second = np.add.reduceat(excess * excess, starts) / sizes
        squared = np.divide(first**2, second, out=np.ones(first.size), where=second > 0)
        tied = squared > 1 - _ROUNDING
        terms[0, told] = first
        terms[1, told] = np.where(tied, -np.inf, 1 - 0.5 / np.where(tied, 1.0, 1 - squared))
    return terms


def tail_shape(
    tails: Float64[np.ndarray, "2 p"], *, beta: Float64[np.ndarray, " b"]
) -> Float64[np.ndarray, " p"]:
    """Pareto shape of the largest weights ``exp(beta r)`` of each prompt.

    Args:
        tails: What the best rewards tell of it (`tail_terms`).
        beta: Inverse temperature of each prompt, the factor on the reward, shape ``(p,)``, or
            one common to all, shape ``(1,)``.

    Returns:
        The shapes; -1 where the largest weights are tied, so bounded, and ``inf`` where too few
        draws tell them.

    Example:
        >>> tail_shape(np.array([[1.0], [0.0]]), beta=np.full(1, 0.8))  # exponential rewards
        array([0.8])
    """
    excess, rest = tails
    known = np.isfinite(beta) & ~np.isnan(excess)
    shape = np.maximum(np.where(known, beta, 0.0) * excess + rest, -1.0)
    return np.where(known | (rest == -np.inf), shape, np.inf)


def tail_decay(tails: Float64[np.ndarray, "2 p"], *, beta: float) -> float:
    r"""How fast the bias of the cgf falls with the number of draws, told by the weights' tail.

    Weights whose tail has the Pareto shape ``k`` leave a bias that falls like
    :math:`m^{1 - 1/k}` where ``k`` is above 0.5. Rewards whose own tail is shorter than
    an exponential's give weights that only look so; the shorter it is, the less this counts.

    Args:
        tails: What the best rewards tell of it (`tail_terms`).
        beta: Inverse temperature common to all prompts, the factor on the reward.

    Returns:
        The decay, as an exponent; ``inf`` where no prompt's tail is known.

    Example:
        >>> tail_decay(np.array([[1.0], [0.0]]), beta=0.8)  # exponential rewards
        0.25
    """
    shapes = tail_shape(tails, beta=np.full(1, beta))
    known = np.isfinite(shapes)
    if not known.any():
        return np.inf
    shape = float(shapes[known].mean())
    shorter = beta * float(tails[0, known].mean()) - shape
    return np.inf if shape <= 0 else 1 / shape - 1 + 2 * max(shorter, 0.0)


def mean_tail_shape(draws: Draws, *, beta: float) -> float:
    """The tail shape of the weights, averaged over prompts.

    Args:
        draws: Draws of the reference policy.
        beta: Inverse temperature, the factor on the reward.

    Returns:
        The mean of the prompts' shapes.

    Example:
        >>> mean_tail_shape(Draws.from_matrix([[0.0] * 30]), beta=1.0)
        -1.0
    """
    side = 1.0 if beta >= 0 else -1.0  # a negative beta has the tail of the lowest rewards
    rising = np.concatenate([np.sort(side * block) for block in draws.blocks])
    tails = tail_terms(rising, draws.counts)
    return float(tail_shape(tails, beta=np.full(1, side * beta)).mean())
