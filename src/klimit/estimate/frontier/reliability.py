"""How far the draws bear a tilt: effective sample size and the tail of the weights."""

import numpy as np
from jaxtyping import Float64, Int64

from klimit.estimate.draws import Draws
from klimit.estimate.frontier.extremes import Extremes
from klimit.estimate.frontier.sums import tail_terms
from klimit.estimate.frontier.values import Values

__all__ = [
    "ceiling_seen",
    "frontier_objection",
    "mean_tail_shape",
    "objection",
    "tail_decay",
    "tail_shape",
]

LEAST_ESS = 10.0  # for averages under a tilt, whose bias is not extrapolated
_LEAST_FRONTIER_ESS = 4.0
_LEAST_DECAY = 0.4  # of the bias with the number of draws: 1 for light tails
_LEAST_BEST = 5.0  # draws a prompt that share the best reward, for it to count as the ceiling
_LEAST_SPLIT = 8  # draws of a prompt, for halves and quarters of them to tell anything


def tail_shape(
    tails: Float64[np.ndarray, "2 p"], *, beta: Float64[np.ndarray, " p"]
) -> Float64[np.ndarray, " p"]:
    """Pareto shape of the largest weights ``exp(beta r)`` of each prompt.

    Args:
        tails: What the best rewards tell of it (`tail_terms`).
        beta: Inverse temperature of each prompt, the factor on the reward, shape ``(p,)``.

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
    shapes = tail_shape(tails, beta=np.full(tails.shape[1], beta))
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
    return float(tail_shape(tails, beta=np.full(len(draws.prompts), side * beta)).mean())


def objection(draws: Draws, *, ess: float) -> str:
    """Why the data do not bear an average with this effective sample size.

    Args:
        draws: Draws of the reference policy.
        ess: Effective number of draws a prompt.

    Returns:
        The reason in words, empty where they do.

    Example:
        >>> objection(Draws.from_matrix([[0.0, 1.0]]), ess=1.2)
        'effective sample size 1.2 of 2'
    """
    return _few(draws.counts, ess) if ess < LEAST_ESS else ""


def frontier_objection(seen: Extremes, values: Values, *, kl: float, own: bool) -> str:
    """Why the data do not bear the frontier at a budget.

    Args:
        seen: The best and the lowest rewards of every prompt.
        values: The frontier's rewards at the budget.
        kl: The budget, in nats.
        own: Whether every prompt has the budget for itself.

    Returns:
        The reason in words, empty where they do.
    """
    if kl == 0:
        return ""
    if reason := _shortage(seen, own=own) or _unseen(seen, values):
        return reason
    if values.reached.all() and values.ess < _LEAST_BEST:
        return f"the budget reaches the best draws seen, {values.ess:.1f} a prompt"
    if values.ess < _LEAST_FRONTIER_ESS:
        return _few(seen.counts, values.ess)
    if values.decay < _LEAST_DECAY:
        decay = max(values.decay, 0.0)
        return f"a few draws decide: m times as many would cut the bias by m^{decay:.2f} only"
    return ""


def ceiling_seen(seen: Extremes) -> bool:
    """Whether the draws show the largest reward of every prompt.

    Args:
        seen: The best and the lowest rewards of every prompt.

    Returns:
        Whether enough of them share it, and no prompt shows a lower reward alone.
    """
    best = seen.best[:, 0]
    lower = (best == seen.lowest) & (best < best.max())
    return bool(1 / (1 / seen.tied).mean() >= _LEAST_BEST and not lower.any())


def _shortage(seen: Extremes, *, own: bool) -> str:
    counts, total = seen.counts, seen.counts.size
    if seen.best[:, 0].max() == seen.lowest.min():
        return "all draws have the same reward: right if it is constant, blind to a rarer one"
    if counts.min() == 1:
        return f"{int((counts == 1).sum())} of {total} prompts have a single draw"
    if own and counts.min() < _LEAST_SPLIT:
        few = int((counts < _LEAST_SPLIT).sum())
        return f"{few} of {total} prompts have fewer than {_LEAST_SPLIT} draws"
    return ""


def _unseen(seen: Extremes, values: Values) -> str:
    """At their best draws, prompts whose draws are all alike may have better ones unseen."""
    alike = values.reached & (seen.best[:, 0] == seen.lowest)
    lower = alike & (seen.best[:, 0] < seen.best[:, 0].max())
    if not lower.any():
        return ""
    few, total = int(lower.sum()), lower.size
    return f"{few} of {total} prompts show one reward only, below the best of others"


def _few(counts: Int64[np.ndarray, " p"], ess: float) -> str:
    return f"effective sample size {ess:.1f} of {float(counts.mean()):.0f}"
