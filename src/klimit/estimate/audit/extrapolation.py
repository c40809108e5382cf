"""What is left of a tilt's bias after the jackknife, as the frontier removes it."""

from dataclasses import replace

import numpy as np

from klimit.estimate.audit.sources import Sources
from klimit.estimate.audit.tilt_at import TiltAt
from klimit.estimate.frontier.condensing import sums_over
from klimit.estimate.frontier.jackknife import jackknife
from klimit.estimate.frontier.values import extrapolated

__all__ = ["extrapolated_tilt"]

_SLOWEST = 0.4  # decay of the bias below which no error is widened further


def extrapolated_tilt(sources: Sources, tilt: TiltAt) -> TiltAt:
    """The tilt with the bias of its cgf extrapolated away, and the doubt that remains.

    Args:
        sources: Draws of the reference.
        tilt: A tilt of positive, finite ``beta`` whose bias was removed by the jackknife.

    Returns:
        The tilt, its KL moved by what was left of the bias.
    """
    beta, p = tilt.beta, len(sources.reference.prompts)
    sums = sums_over(sources.reference.blocks)
    left = jackknife(sums.at(np.full(p, beta)), counts=sums.counts, best=sums.best)
    more = extrapolated(left.bias / beta, left.change / beta)
    further = more.added - left.bias / beta
    if sources.prompts == "sampled":
        kl = tilt.kl - beta * sources.of_prompts(further)
        reward = tilt.reward
    else:  # where the bias falls slowly, so does the error
        slow = max(1.0 / max(more.decay, _SLOWEST), 1.0) ** 0.5
        kl = tilt.kl.widened(slow).plus(-beta * float(further.mean()))
        reward = tilt.reward.widened(slow)
    return replace(
        tilt, reward=reward, kl=kl, doubt=more.doubt, upward=more.upward, decay=more.decay
    )
