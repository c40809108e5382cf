"""The tilt at a given inverse temperature, from draws."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.core.results import Estimate, Result
from klimit.estimate.draws import Draws
from klimit.estimate.frontier.reliability import mean_tail_shape, objection
from klimit.estimate.uncertainty import check_level, check_prompts, mean_over_prompts
from klimit.estimate.weights import prompt_tilts, tilt_weights

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
        The estimate, the bias of order ``1/m`` removed by the jackknife.

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
    tilts = prompt_tilts(draws, beta=beta)
    measured = draws.rewards if values is None else np.asarray(values, dtype=np.float64)
    if measured.shape != draws.rewards.shape:
        raise InputError(f"values must be one a draw, {len(draws)}, got {measured.size}")
    reward, variance = _reweighted(draws, beta, measured)
    ess = float(1.0 / tilts.squares.mean())
    reason = objection(draws, ess=ess)
    return TiltEstimate(
        beta=beta,
        reward=mean_over_prompts(reward, variance, prompts=prompts, level=level),
        kl=mean_over_prompts(tilts.kl, tilts.kl_variance, prompts=prompts, level=level),
        ess=ess,
        pareto_k=mean_tail_shape(draws, beta=beta),
        supported=not reason,
        reason=reason,
    )


def _reweighted(
    draws: Draws, beta: float, values: Float64[np.ndarray, " n"]
) -> tuple[Float64[np.ndarray, " p"], Float64[np.ndarray, " p"]]:
    """Weighted mean of every prompt, jackknifed, and its variance over the draws."""
    starts, counts = draws.offsets[:-1], draws.counts
    weights = tilt_weights(draws, beta=beta)
    centre = np.repeat(np.add.reduceat(values, starts) / counts, counts)
    centred = values - centre
    mean = np.add.reduceat(weights * centred, starts)
    others = np.maximum(1.0 - weights, 1e-15)
    shift = weights * (np.repeat(mean, counts) - centred) / others
    average = np.add.reduceat(shift, starts) / counts
    spread = np.add.reduceat((shift - np.repeat(average, counts)) ** 2, starts)
    single = counts == 1
    estimate = mean - np.where(single, 0.0, (counts - 1) * average)
    variance = np.where(single, np.inf, (counts - 1) / counts * spread)
    return centre[starts] + estimate, variance
