"""Why the draws do not bear a tilt or a budget, in words."""

import numpy as np
from jaxtyping import Int64

from klimit.estimate.draws import Draws
from klimit.estimate.frontier.extremes import Extremes
from klimit.estimate.frontier.values import Carried

__all__ = ["ceiling_seen", "frontier_objection", "objection", "wider_at_the_edge"]

LEAST_ESS = 10.0  # for averages at a given beta
_LEAST_FRONTIER_ESS = 4.0  # where many prompts decide,
_MORE_ALONE = 8.0  # and so many more where one does: no other tells how its bias falls
_EDGE = 1.25  # times the least, up to where the same draws may have decided on support,
_WIDER = 0.25  # and by how much they make the interval wider there
_LEAST_DECAY = 0.4  # of the bias with the number of draws: 1 for light tails
_LEAST_BEST = 5.0  # draws a prompt that share the best reward, for it to count as the ceiling
_LEAST_SPLIT = 8  # draws of a prompt, for halves and quarters of them to tell anything


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


def frontier_objection(seen: Extremes, carried: Carried, *, kl: float, own: bool) -> str:
    """Why the data do not bear the frontier at a budget.

    Args:
        seen: The best and the lowest rewards of every prompt.
        carried: How the draws carry the budget.
        kl: The budget, in nats.
        own: Whether every prompt has the budget for itself.

    Returns:
        The reason in words, empty where they do.
    """
    if kl == 0:
        return ""
    if reason := _shortage(seen, own=own) or _unseen(seen, carried):
        return reason
    if carried.reached.all() and carried.ess < _LEAST_BEST:
        return f"the budget reaches the best draws seen, {carried.ess:.1f} a prompt"
    if carried.ess < _least(carried):
        alone = ", and one prompt decides" if carried.ess >= _LEAST_FRONTIER_ESS else ""
        return _few(seen.counts, carried.ess) + alone
    if carried.decay < _LEAST_DECAY:
        decay = max(carried.decay, 0.0)
        return f"a few draws decide: m times as many would cut the bias by m^{decay:.2f} only"
    return ""


def wider_at_the_edge(carried: Carried) -> float:
    """How many times as wide an interval has to be for what draws decide about support.

    Where more of a verifier's draws pass than its chance would have it, they show a larger
    reward and bear larger budgets at once: what is supported but for that is off by more.

    Args:
        carried: How the draws carry a budget above 0.

    Returns:
        1.25 at the least effective sample size, 1 from a quarter above it.
    """
    least = _least(carried)
    share = (_EDGE * least - carried.ess) / ((_EDGE - 1.0) * least)
    return 1.0 + _WIDER * min(max(share, 0.0), 1.0)


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


def _least(carried: Carried) -> float:
    return _LEAST_FRONTIER_ESS + _MORE_ALONE * carried.alone**3


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


def _unseen(seen: Extremes, carried: Carried) -> str:
    """At their best draws, prompts whose draws are all alike may have better ones unseen."""
    alike = carried.reached & (seen.best[:, 0] == seen.lowest)
    lower = alike & (seen.best[:, 0] < seen.best[:, 0].max())
    if not lower.any():
        return ""
    few, total = int(lower.sum()), lower.size
    return f"{few} of {total} prompts show one reward only, below the best of others"


def _few(counts: Int64[np.ndarray, " p"], ess: float) -> str:
    return f"effective sample size {ess:.1f} of {float(counts.mean()):.0f}"
