"""Every draw's weight under a tilt, and the per-prompt sums that follow from the weights."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.estimate.draws import Draws
from klimit.estimate.parts import by_parts

__all__ = ["PromptTilts", "effective_draws", "prompt_tilts", "tilt_weights"]


def tilt_weights(draws: Draws, *, beta: float) -> Float64[np.ndarray, " n"]:
    r"""The self-normalised weight of every draw within its prompt.

    .. math:: w_i = e^{\beta r_i} / \sum_{j \in x} e^{\beta r_j}

    Args:
        draws: Draws of the reference policy.
        beta: Inverse temperature, the factor on the reward; negative values favour low rewards
            and ``inf`` gives the limit: the best draws of each prompt, in equal parts.

    Returns:
        Weights in the order of ``draws.rewards``, shape ``(n,)``; those of a prompt sum to 1.

    Raises:
        InputError: ``beta`` is not a number.

    Example:
        >>> tilt_weights(Draws.from_matrix([[0.0, 1.0], [2.0, 2.0]]), beta=float("inf"))
        array([0. , 1. , 0.5, 0.5])
    """
    if np.isnan(beta):
        raise InputError("beta must be a number, got nan")
    starts, counts = draws.offsets[:-1], draws.counts
    extreme = np.maximum if beta >= 0 else np.minimum
    top = np.repeat(extreme.reduceat(draws.rewards, starts), counts)
    below = draws.rewards - top
    with np.errstate(over="ignore"):  # of a product so large that its weight is 0
        mass = (below == 0).astype(np.float64) if np.isinf(beta) else np.exp(beta * below)
    weights: Float64[np.ndarray, " n"] = mass / np.repeat(np.add.reduceat(mass, starts), counts)
    return weights


def effective_draws(draws: Draws, *, beta: float) -> Float64[np.ndarray, " p"]:
    r"""How many equally weighted draws each prompt's weights are worth.

    .. math:: \mathrm{ess}_x = 1 / \sum_{i \in x} w_i^2

    Args:
        draws: Draws of the reference policy.
        beta: Inverse temperature, the factor on the reward.

    Returns:
        One number a prompt between 1 and its number of draws, shape ``(p,)``.

    Raises:
        InputError: ``beta`` is not a number.

    Example:
        >>> effective_draws(Draws.from_matrix([[0.0, 0.0, 9.0]]), beta=0.0).round(6)
        array([3.])
    """
    return 1.0 / np.add.reduceat(tilt_weights(draws, beta=beta) ** 2, draws.offsets[:-1])


@dataclass(frozen=True, slots=True, eq=False)
class PromptTilts:
    """What one tilt does to every prompt, the bias of finitely many draws removed.

    The bias of order ``1/m`` is removed by the jackknife in closed form: leaving out draw ``i``
    turns ``cgf`` into ``cgf + log(1 - w_i) + log(m / (m - 1))``. An audit searches with it, and
    looks only where it ends at what its bias is without each draw (`Weights`), which takes many
    times as long.

    Attributes:
        beta: Inverse temperature, the factor on the reward, shape ``(p,)``.
        cgf: Estimate of ``log E exp(beta r)``, shape ``(p,)``.
        reward: Estimate of the tilt's mean reward, the derivative of ``cgf``, shape ``(p,)``.
        plug_in_reward: Mean reward under the tilt of the draws themselves, shape ``(p,)``.
        variance: Variance of the reward under the tilt, plug-in, shape ``(p,)``.
        cgf_variance: Variance of ``cgf`` over the draws of the prompt, shape ``(p,)``.
        squares: Sum of the squared weights, shape ``(p,)``.
    """

    beta: Float64[np.ndarray, " p"]
    cgf: Float64[np.ndarray, " p"]
    reward: Float64[np.ndarray, " p"]
    plug_in_reward: Float64[np.ndarray, " p"]
    variance: Float64[np.ndarray, " p"]
    cgf_variance: Float64[np.ndarray, " p"]
    squares: Float64[np.ndarray, " p"]

    @property
    def kl(self) -> Float64[np.ndarray, " p"]:
        """Divergence of the tilt from the reference policy, prompt by prompt, in nats."""
        kl: Float64[np.ndarray, " p"] = self.beta * self.reward - self.cgf
        return kl


def prompt_tilts(draws: Draws, *, beta: float | Float64[np.ndarray, " p"]) -> PromptTilts:
    """The tilt of every prompt.

    Args:
        draws: Draws of the reference policy.
        beta: Inverse temperature, the factor on the reward, finite; one, or one a prompt.

    Returns:
        Bias-corrected per-prompt estimates.

    Example:
        >>> prompt_tilts(Draws.from_matrix([[0.0, 1.0, 2.0]]), beta=0.0).reward
        array([1.])
    """
    betas = np.broadcast_to(np.asarray(beta, dtype=np.float64), draws.counts.shape)
    found = by_parts(draws, lambda part: _tilts(part.draws, betas[part.prompts]))
    return PromptTilts(betas, *found)


def _tilts(draws: Draws, betas: Float64[np.ndarray, " q"]) -> Float64[np.ndarray, "6 q"]:
    """The fields of the result, but for beta."""
    starts, counts = draws.offsets[:-1], draws.counts
    top = np.maximum.reduceat(draws.rewards, starts)
    below = draws.rewards - np.repeat(top, counts)
    mass = np.exp(np.repeat(betas, counts) * below)
    total = np.add.reduceat(mass, starts)
    weights = mass / np.repeat(total, counts)
    mean = np.add.reduceat(weights * below, starts)
    gap = below - np.repeat(mean, counts)
    variance = np.add.reduceat(weights * gap**2, starts)

    rest = np.maximum(counts - 1, 1)
    others = np.maximum(1.0 - weights, 1e-15)
    cgf_left = np.log(others) + np.repeat(np.log(counts / rest), counts)
    mean_left = -weights * gap / others
    single = counts == 1
    bias = np.where(single, 0.0, -(counts - 1) * _mean(cgf_left, draws))
    slope = np.where(single, 0.0, -(counts - 1) * _mean(mean_left, draws))
    return np.stack(
        [
            betas * top + np.log(total / counts) + bias,
            top + mean + slope,
            top + mean,
            variance,
            _jackknife_variance(cgf_left, draws),
            np.add.reduceat(weights**2, starts),
        ]
    )


def _mean(values: Float64[np.ndarray, " n"], draws: Draws) -> Float64[np.ndarray, " p"]:
    mean: Float64[np.ndarray, " p"] = np.add.reduceat(values, draws.offsets[:-1]) / draws.counts
    return mean


def _jackknife_variance(
    left: Float64[np.ndarray, " n"], draws: Draws
) -> Float64[np.ndarray, " p"]:
    """Variance of a statistic from its values with one draw left out; ``inf`` for one draw."""
    counts = draws.counts
    centred = left - np.repeat(_mean(left, draws), counts)
    return np.where(counts == 1, np.inf, (counts - 1) * _mean(centred**2, draws))
