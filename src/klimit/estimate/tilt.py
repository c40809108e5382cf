"""The tilt at a given inverse temperature, from draws."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.core.results import Estimate, Result
from klimit.estimate.draws import Draws
from klimit.estimate.frontier.extremes import best_and_lowest
from klimit.estimate.frontier.reliability import objection
from klimit.estimate.frontier.tails import mean_tail_shape
from klimit.estimate.tilted import tilted
from klimit.estimate.uncertainty import check_level, check_prompts

__all__ = ["TiltEstimate", "estimate_tilt"]


@dataclass(frozen=True, slots=True, eq=False)
class TiltEstimate(Result):
    """The tilt at one inverse temperature.

    Attributes:
        beta: The inverse temperature, the factor on the reward.
        reward: Mean reward under the tilt, or mean of the values given.
        kl: Its divergence from the reference policy, in nats, averaged over prompts.
        ess: Effective number of draws a prompt that carry the estimate.
        pareto_k: Pareto shape of the weights' tail; above 0.7 a few draws decide.
        supported: Whether the data bear the estimate.
        reason: Why they do not, in words; empty where they do.
    """

    beta: float
    reward: Estimate
    kl: Estimate
    ess: float
    pareto_k: float
    supported: bool
    reason: str


def estimate_tilt(
    draws: Draws,
    *,
    beta: float,
    values: Float64[np.ndarray, " n"] | None = None,
    prompts: str = "sampled",
    level: float = 0.95,
) -> TiltEstimate:
    """Mean reward and divergence of the tilt by self-normalised reweighting.

    Args:
        draws: Draws of the reference policy.
        beta: Inverse temperature, the factor on the reward; finite.
        values: What is averaged in place of the reward, a number a draw, shape ``(n,)``.
        prompts: ``"sampled"`` for the population that the prompts come from, ``"fixed"`` for
            these prompts alone.
        level: Nominal coverage of the intervals, in (0, 1).

    Returns:
        The estimate, its bias extrapolated away, with an interval that holds what may be left.

    Raises:
        InputError: An argument is outside its range.
        InsufficientDataError: One prompt, where prompts are sampled.

    Example:
        >>> draws = Draws.from_matrix([[0.0, 1.0, 0.5], [0.2, 0.4, 0.9]])
        >>> round(estimate_tilt(draws, beta=0.0).reward.value, 6)
        0.5
    """
    check_prompts(prompts)
    check_level(level)
    if not np.isfinite(beta):
        raise InputError(f"beta must be finite, got {beta}")
    measured = None if values is None else np.asarray(values, dtype=np.float64)
    if measured is not None and measured.shape != draws.rewards.shape:
        raise InputError(f"values must be one a draw, {len(draws)}, got {measured.size}")
    found = tilted(draws, beta=beta, values=measured)
    reason = objection(draws, ess=found.ess) or _unseen(draws, beta)
    return TiltEstimate(
        beta=beta,
        reward=found.mean.mean(prompts=prompts, level=level),
        kl=found.kl.mean(prompts=prompts, level=level),
        ess=found.ess,
        pareto_k=mean_tail_shape(draws, beta=beta),
        supported=not reason,
        reason=reason,
    )


def _unseen(draws: Draws, beta: float) -> str:
    """Where a prompt's draws are all alike, others may be unseen that would count most."""
    seen = best_and_lowest(draws)
    best, lowest = seen.best[:, 0], seen.lowest
    missed = beta * (best.max() - best if beta >= 0 else best.min() - best)
    few = int(((best == lowest) & (missed > np.log(draws.counts))).sum())
    if not few:
        return ""
    of = "best of others" if beta >= 0 else "lowest of others"
    return f"{few} of {best.size} prompts show one reward only, off the {of}"
