"""What finitely many draws do to the cgf of a prompt: bias, its decay, and variance."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from klimit.estimate.frontier.sums import TiltSums, dots

__all__ = ["Jackknife", "jackknife"]

_ORDERS = np.arange(2.0, 5.0)  # powers of the weights that enter the bias without one draw
_TOGETHER = 1000  # prompts at a time: what is worked on stays in the processor's cache
_LEAST = 1e-12  # what a weight of 1 leaves to the other draws, so that logarithms are finite


@dataclass(frozen=True, slots=True, eq=False)
class Jackknife:
    """The cgf of every prompt with single draws left out.

    Attributes:
        bias: What removes the bias of order ``1/m`` from the cgf, shape ``(p,)``.
        change: ``m - 1`` times the mean change of ``bias`` when one draw is left out, shape
            ``(p,)``: as large as ``bias`` where it falls like ``1/m``, less where slower.
        variance: Variance over the draws of ``cgf + bias``, shape ``(p,)``; ``inf`` for one
            draw.
        third: Sum of the third powers of the draws' influences on it, shape ``(p,)``.
        fourth: Sum of their fourth powers, shape ``(p,)``.
        kl_variance: Variance over the draws of the tilt's divergence, shape ``(p,)``.
    """

    bias: Float64[np.ndarray, " p"]
    change: Float64[np.ndarray, " p"]
    variance: Float64[np.ndarray, " p"]
    third: Float64[np.ndarray, " p"]
    fourth: Float64[np.ndarray, " p"]
    kl_variance: Float64[np.ndarray, " p"]


def jackknife(
    sums: TiltSums, *, counts: Int64[np.ndarray, " p"], best: Float64[np.ndarray, "p h"]
) -> Jackknife:
    r"""Leave out each draw in turn, in closed form.

    Without draw ``i`` the cgf is ``cgf + log(1 - w_i) + log(m / (m - 1))``. The draws of large
    weight are taken one by one, the others through sums of powers of their weights, which
    leaves the bias right to about ``1e-6`` of itself.

    Args:
        sums: A tilt of the draws.
        counts: Number of draws of each prompt, shape ``(p,)``.
        best: The best rewards of each prompt, falling, shape ``(p, h)``.

    Returns:
        Bias and variance of every prompt.

    Example:
        >>> from klimit.estimate.frontier.sums import sum_directly
        >>> table = sum_directly([np.array([0.0, 0.0, 1.0])])
        >>> found = jackknife(table.at(np.ones(1)), counts=table.counts, best=table.best)
        >>> found.bias.round(6)
        array([0.078846])
    """
    p = counts.size
    parts = [
        _part(sums, slice(i, i + _TOGETHER), counts=counts, best=best)
        for i in range(0, p, _TOGETHER)
    ]
    return Jackknife(*(np.concatenate(field) for field in zip(*parts, strict=True)))


def _part(
    sums: TiltSums,
    prompts: slice,
    *,
    counts: Int64[np.ndarray, " p"],
    best: Float64[np.ndarray, "p h"],
) -> list[Float64[np.ndarray, " q"]]:
    """The fields of the result for some of the prompts."""
    counts, best = counts[prompts], best[prompts]
    heavy, light = sums.heavy[prompts], sums.powers[:, prompts]
    m, single = counts.astype(np.float64), counts == 1
    present, rest = best > -np.inf, np.maximum(m - heavy.shape[1], 0.0)
    others = np.maximum(1.0 - heavy, _LEAST)  # the weight of the other draws
    logs, inverse, raised = np.log(others), 1 / others, _raised(heavy)
    beyond = [light[1], light[2], _fourth(light)]
    whole = np.array([x.sum(axis=1) + y for x, y in zip(raised, beyond, strict=True)])

    # the bias without a draw: one by one for the heavy ones, level + linear w + curved w^2 else
    scale = np.where(m > 1, (m - 2) / np.maximum(m - 1, 1), 0.0)
    level = scale * ((1 / _ORDERS) @ whole)
    linear = scale * whole.sum(axis=0)
    curved = scale * (((_ORDERS + 1) / 2) @ whole - 0.5)
    left = np.where(present, _bias_left(inverse, raised, whole, scale) - level[:, None], 0.0)
    moved = left.sum(axis=1) + linear * light[0] + curved * light[1]
    fewer = level + moved / m + _count_term(m - 1)
    now = (m - 1) / m * ((1 / _ORDERS) @ whole) + _count_term(m)

    influence = np.where(present, logs + left, 0.0)
    a, b = linear - 1.0, curved - 0.5
    centre = (influence.sum(axis=1) + a * light[0] + b * light[1]) / m
    centred = np.where(present, influence - centre[:, None], 0.0)
    square, fourth = centred * centred, _fourth(light)
    second = square.sum(axis=1) + a**2 * light[1] + 2 * a * b * light[2] + b**2 * fourth
    second += rest * centre**2 - 2 * centre * (a * light[0] + b * light[1])
    series = light[0] + light[1] / 2 + light[2] / 3 + fourth / 4
    bias = (m - 1) / m * (series - logs.sum(axis=1) - 1.0) + _count_term(m)
    gap = np.where(present, best - sums.reward[prompts, None], 0.0)
    sloped = sums.beta[prompts, None] * heavy * gap
    shift = -logs - sloped * inverse
    return [
        np.where(single, 0.0, bias),
        np.where(single, 0.0, (m - 1) * (fewer - now)),
        np.where(single, np.inf, (m - 1) / m * second),
        -dots(square, centred) - a**3 * light[2],
        dots(square, square) + a**4 * fourth,
        np.where(single, np.inf, _kl_variance(shift, sloped.sum(axis=1), light, m)),
    ]


def _fourth(light: Float64[np.ndarray, "3 p"]) -> Float64[np.ndarray, " p"]:
    """The sum of fourth powers, about: weights below 1 / 33 make it next to nothing."""
    return np.asarray(light[2] ** 2 / np.where(light[1] > 0, light[1], 1.0))


def _raised(x: Float64[np.ndarray, "p h"]) -> list[Float64[np.ndarray, "p h"]]:
    """The powers that enter, by multiplication, which is much faster than a general power."""
    square = x * x
    return [square, square * x, square * square]


def _bias_left(
    inverse: Float64[np.ndarray, "p h"],
    raised: list[Float64[np.ndarray, "p h"]],
    whole: Float64[np.ndarray, "3 p"],
    scale: Float64[np.ndarray, " p"],
) -> Float64[np.ndarray, "p h"]:
    """The part of the bias that comes from the weights, without each heavy draw."""
    kept = _raised(inverse)
    left = np.zeros(inverse.shape)
    for k, total, mine, others in zip(_ORDERS, whole, raised, kept, strict=True):
        left += np.maximum(total[:, None] - mine, 0.0) * (others / k)
    return np.asarray(scale[:, None] * np.minimum(left, 0.5 + 1 / 3 + 0.25))


def _count_term(m: Float64[np.ndarray, " p"]) -> Float64[np.ndarray, " p"]:
    """The part of the bias that comes from the number of draws alone."""
    many = np.maximum(m, 2.0)
    term = (many - 1) / many + (many - 1) * np.log1p(-1 / many)
    return np.asarray(np.where(m > 1, term, 0.0))


def _kl_variance(
    shift: Float64[np.ndarray, "q h"],
    sloped: Float64[np.ndarray, " q"],
    light: Float64[np.ndarray, "3 q"],
    m: Float64[np.ndarray, " q"],
) -> Float64[np.ndarray, " q"]:
    """From the draws of large weight; of the others, the average gap stands for each."""
    mean = (shift.sum(axis=1) + light[0] + sloped) / m  # the gaps of all draws sum to 0
    known = light[0] > _LEAST
    evenness = np.where(known, light[1] / np.where(known, light[0], 1.0) ** 2, 0.0)
    total = dots(shift, shift) + evenness * (light[0] + sloped) ** 2 - m * mean**2
    return np.asarray(np.maximum((m - 1) / m * total, 0.0))
