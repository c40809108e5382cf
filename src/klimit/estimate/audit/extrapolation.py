"""What is left of a tilt's bias after the jackknife, as the frontier removes it."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float64

from klimit.estimate.audit.sources import Sources
from klimit.estimate.audit.tilt_at import TiltAt
from klimit.estimate.frontier.condensing import sums_over
from klimit.estimate.frontier.extrapolation import extrapolated, widening
from klimit.estimate.frontier.jackknife import jackknife
from klimit.estimate.parts import Part, by_parts

__all__ = ["extrapolated_tilt"]


def extrapolated_tilt(sources: Sources, tilt: TiltAt) -> TiltAt:
    """The tilt with the bias of its cgf extrapolated away, and the doubt that remains.

    Args:
        sources: Draws of the reference.
        tilt: A tilt of positive, finite ``beta`` whose bias was removed by the jackknife.

    Returns:
        The tilt, its KL moved by what was left of the bias.
    """
    beta = tilt.beta
    bias, change = by_parts(sources.reference, lambda part: _left(part, beta)) / beta
    more = extrapolated(bias, change)
    further = more.added - bias
    if sources.prompts == "sampled":
        kl = tilt.kl - beta * sources.of_prompts(further)
        reward = tilt.reward
    else:  # where the bias falls slowly, so does the error
        slow = widening(more.decay) ** 0.5
        kl = tilt.kl.widened(slow).plus(-beta * float(further.mean()))
        reward = tilt.reward.widened(slow)
    return replace(
        tilt, reward=reward, kl=kl, doubt=more.doubt, upward=more.upward, decay=more.decay
    )


def _left(part: Part, beta: float) -> Float64[np.ndarray, "2 q"]:
    """Bias and change of the cgf of every prompt of a part."""
    sums = sums_over(part.draws.rewards, part.draws.counts)
    tilts = sums.at(np.full(sums.counts.size, beta))
    found = jackknife(tilts, counts=sums.counts)
    return np.stack([found.bias, found.change])
