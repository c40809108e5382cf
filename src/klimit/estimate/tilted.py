"""Averages under a tilt with the bias of few draws removed, and what may be left of it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.core.results import Result
from klimit.estimate.best_of.pools import sorted_pools
from klimit.estimate.corrected import Corrected
from klimit.estimate.draws import Draws
from klimit.estimate.frontier.extrapolation import extrapolated, widening
from klimit.estimate.heavy_tails import PooledTail, pooled_tail
from klimit.estimate.parts import Part, by_parts
from klimit.estimate.without_each import Weights, WithoutEach

__all__ = ["Tilted", "tilted"]

_CAUTION = 0.7  # beyond the frontier's: at a given beta nothing makes good what the draws lack
_NO_BIAS = 1e-9  # of the cgf, in nats: what rounding leaves where there is none


@dataclass(frozen=True, slots=True, eq=False)
class Tilted(Result):
    """The tilt of every prompt.

    Attributes:
        mean: The average of the values under it.
        kl: Its divergence from the reference policy, in nats.
        ess: Effective number of draws a prompt.
    """

    mean: Corrected
    kl: Corrected
    ess: float


def tilted(
    draws: Draws,
    *,
    beta: float,
    values: Float64[np.ndarray, " n"] | None = None,
    tail: PooledTail | None = None,
) -> Tilted:
    """Average values under the tilt, the bias extrapolated away as the frontier's is.

    Args:
        draws: Draws of the reference policy.
        beta: Inverse temperature, the factor on the reward; finite.
        values: What is averaged in place of the reward, a number a draw, shape ``(n,)``.
        tail: The tail on the side of ``beta``, where it is known already: it takes a sort.

    Returns:
        Mean and divergence of every prompt.

    Example:
        >>> found = tilted(Draws.from_matrix([[0.0, 1.0, 2.0]]), beta=0.0)
        >>> found.mean.values, found.mean.variances.round(6)  # variance 1 over 3 draws
        (array([1.]), array([0.333333]))
    """

    def numbers(part: Part) -> Float64[np.ndarray, "15 q"]:
        own = None if values is None else values[part.rows]
        return _numbers(part.draws, beta, own)

    found = by_parts(draws, numbers)
    ess = float(1 / found[12].mean())
    decay_of_tail = _CAUTION * (tail or _tail(draws, beta)).decay(abs(beta))
    bias, change = found[13:].mean(axis=1)
    decay = float(change / bias) if bias > _NO_BIAS else 1.0
    slow = widening(decay)  # as the bias of the cgf, so the errors fall
    mean, kl = (
        _corrected(found[i : i + 6], ess=ess, tail=decay_of_tail, slow=slow, draws=len(draws))
        for i in (0, 6)
    )
    return Tilted(mean, kl, ess)


def _tail(draws: Draws, beta: float) -> PooledTail:
    """The tail of the rewards that the tilt favours."""
    side = 1.0 if beta >= 0 else -1.0
    return pooled_tail(sorted_pools(Draws(draws.prompts, draws.offsets, side * draws.rewards)))


def _corrected(
    numbers: Float64[np.ndarray, "6 p"], *, ess: float, tail: float, slow: float, draws: int
) -> Corrected:
    plug_in, bias, change, variance, third, fourth = numbers
    sign = 1.0 if bias.mean() >= 0 else -1.0
    more = extrapolated(sign * bias, sign * change, ess=ess, tail=tail)
    return Corrected(
        values=plug_in + sign * more.added,
        variances=variance * slow,
        thirds=third * slow**1.5,
        fourths=fourth * slow**2,
        draws=draws,
        doubt=more.doubt,
        upward=more.upward if sign > 0 else 0.0,
        downward=more.upward if sign < 0 else 0.0,
    )


def _numbers(
    draws: Draws, beta: float, values: Float64[np.ndarray, " n"] | None
) -> Float64[np.ndarray, "15 q"]:
    """Mean and divergence with their moments, sums of squared weights, the cgf's bias."""
    weights = Weights.of(draws, beta=beta)
    extreme = np.maximum if beta >= 0 else np.minimum
    top = extreme.reduceat(draws.rewards, draws.offsets[:-1])
    reward = weights.mean(weights.away(draws.rewards, top))
    cgf = weights.cgf()
    kl = reward.times(beta).less(cgf)
    mean, centre = reward, top
    if values is not None:
        centre = weights.sums(values) / draws.counts
        mean = weights.mean(weights.away(values, centre))
    moments = [centre + mean.plug_in, *_moments(weights, mean)]
    kl_moments, (bias, change) = _moments(weights, kl), _moments(weights, cgf)[:2]
    return np.stack([*moments, kl.plug_in, *kl_moments, weights.squares, bias, change])


def _moments(weights: Weights, number: WithoutEach) -> list[Float64[np.ndarray, " q"]]:
    """Bias, its change, and variance, third and fourth power sums of the influences.

    The change is ``m - 1`` times the mean one when a draw is left out: as large as the bias
    where it falls like ``1/m``, less where slower.
    """
    m, single = weights.counts, weights.counts == 1
    influence = number.without + number.bias_without
    influence = weights.away(influence, weights.sums(influence) / m)
    squares = influence**2
    change = (m - 1) * (weights.sums(number.bias_without) / m - number.bias)
    return [
        np.where(single, 0.0, number.bias),
        np.where(single, 0.0, change),
        np.where(single, np.inf, (m - 1) / m * weights.sums(squares)),
        -weights.sums(squares * influence),
        weights.sums(squares**2),
    ]
