"""What finitely many draws do to the cgf of a prompt: bias, its decay, and variance."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from klimit.estimate.frontier.power_sums import about, power_sums
from klimit.estimate.frontier.rows import row_dots, row_sums
from klimit.estimate.frontier.sums import TiltSums

__all__ = ["Jackknife", "jackknife"]

_ORDERS = np.arange(2.0, 5.0)  # powers of the weights that enter the bias without one draw
# coefficients of the third and fourth power of a weight in the bias without its draw: of the
# sums of all weights' powers, and of what the draw's own powers take from them
_FURTHER = np.array([(_ORDERS + 1) * (_ORDERS + 2) / 6])
_FURTHER = np.concatenate([_FURTHER, _FURTHER * (_ORDERS + 3) / 4])
_OWN = np.array([4 / 3, 11 / 4])
_TOGETHER = 2000  # prompts at a time: what is worked on stays in the processor's cache
_LIGHT = 0.01  # a weight below it is worth taking through the sums of powers
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


def jackknife(sums: TiltSums, *, counts: Int64[np.ndarray, " p"]) -> Jackknife:
    r"""Leave out each draw in turn, in closed form.

    Without draw ``i`` the cgf is ``cgf + log(1 - w_i) + log(m / (m - 1))``. The draws of large
    weight are taken one by one, the others through sums of powers of their weights, which
    leaves the bias right to about ``1e-6`` of itself.

    Args:
        sums: A tilt of the draws.
        counts: Number of draws of each prompt, shape ``(p,)``.

    Returns:
        Bias and variance of every prompt.

    Example:
        >>> from klimit.estimate.frontier.sums import sum_directly
        >>> table = sum_directly(np.array([0.0, 0.0, 1.0]), np.array([3]))
        >>> found = jackknife(table.at(np.ones(1)), counts=table.counts)
        >>> found.bias.round(6)
        array([0.078846])
    """
    p = counts.size
    parts = [
        _part(sums, slice(i, i + _TOGETHER), counts[i : i + _TOGETHER])
        for i in range(0, p, _TOGETHER)
    ]
    return Jackknife(*(np.concatenate(field) for field in zip(*parts, strict=True)))


def _part(
    sums: TiltSums, prompts: slice, counts: Int64[np.ndarray, " q"]
) -> list[Float64[np.ndarray, " q"]]:
    """The fields of the result for some of the prompts."""
    m, single, every = counts.astype(np.float64), counts == 1, sums.heavy[prompts]
    others = np.maximum(1.0 - every, _LEAST)  # the weight of the other draws
    logs, inverse = np.log(others), 1 / others
    sloped = sums.beta[prompts, None] * every * sums.gaps[prompts]
    shift = -logs - sloped * inverse
    kl_variance = _kl_variance(shift, row_sums(sloped), sums.powers[:, prompts], m)

    heavy, light = _divided(every, sums.powers[:, prompts])
    own, present = slice(heavy.shape[1]), heavy > 0
    logs, inverse = np.where(present, logs[:, own], 0.0), inverse[:, own]
    raised, rest = _raised(heavy), m - row_sums(present.astype(np.float64))
    whole = np.array([row_sums(x) + y for x, y in zip(raised, light[1:], strict=True)])

    # the bias without a draw: one by one for the heavy ones, for the others as a power series
    scale = np.where(m > 1, (m - 2) / np.maximum(m - 1, 1), 0.0)
    level = scale * ((1 / _ORDERS) @ whole)
    linear = scale * whole.sum(axis=0)
    curved = scale * (((_ORDERS + 1) / 2) @ whole - 0.5)
    cubic, quartic = (scale * (_FURTHER[i] @ whole - _OWN[i]) for i in range(2))
    left = np.where(present, _bias_left(inverse, raised, whole, scale) - level[:, None], 0.0)
    moved = row_sums(left) + linear * light[0] + curved * light[1]
    moved += cubic * light[2] + quartic * light[3]
    fewer = level + moved / m + _count_term(m - 1)
    now = (m - 1) / m * ((1 / _ORDERS) @ whole) + _count_term(m)

    influence = np.where(present, logs + left, 0.0)
    of_light = power_sums(linear - 1.0, curved - 0.5, light)
    centre = (row_sums(influence) + of_light[0]) / m
    centred = np.where(present, influence - centre[:, None], 0.0)
    square = centred * centred
    second, third, fourth = about(centre, of_light, rest)
    # that of a normal law at least: where all weights are alike the sums cancel
    fourth = np.maximum(fourth, 3 * second**2 / np.maximum(rest, 1.0))
    second += row_sums(square)
    third += row_dots(square, centred)
    fourth += row_dots(square, square)
    series = light[0] + light[1] / 2 + light[2] / 3 + light[3] / 4
    bias = (m - 1) / m * (series - row_sums(logs) - 1.0) + _count_term(m)
    return [
        np.where(single, 0.0, bias),
        np.where(single, 0.0, (m - 1) * (fewer - now)),
        np.where(single, np.inf, (m - 1) / m * second),
        -third,
        fourth,
        np.where(single, np.inf, kl_variance),
    ]


def _divided(
    every: Float64[np.ndarray, "p h"], light: Float64[np.ndarray, "4 p"]
) -> tuple[Float64[np.ndarray, "p k"], Float64[np.ndarray, "4 p"]]:
    """The large weights, 0 in place of others, and the sums of powers of all others."""
    heavy = np.where(every >= _LIGHT, every, 0.0)
    rest = every - heavy
    square = rest * rest
    pairs = (rest, rest), (square, rest), (square, square)
    sums = [row_sums(rest), *(row_dots(one, other) for one, other in pairs)]
    width = int(heavy.any(axis=0).sum())
    return heavy[:, :width], light + np.array(sums)


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
    left, orders = np.zeros(inverse.shape), [*zip(_ORDERS, whole, raised, strict=True)]
    for k, total, mine in reversed(orders):
        left *= inverse
        left += np.maximum(total[:, None] - mine, 0.0) / k
    left *= inverse**2
    return np.asarray(scale[:, None] * np.minimum(left, 0.5 + 1 / 3 + 0.25))


def _count_term(m: Float64[np.ndarray, " p"]) -> Float64[np.ndarray, " p"]:
    """The part of the bias that comes from the number of draws alone."""
    many = np.maximum(m, 2.0)
    term = (many - 1) / many + (many - 1) * np.log1p(-1 / many)
    return np.asarray(np.where(m > 1, term, 0.0))


def _kl_variance(
    shift: Float64[np.ndarray, "q h"],
    sloped: Float64[np.ndarray, " q"],
    light: Float64[np.ndarray, "4 q"],
    m: Float64[np.ndarray, " q"],
) -> Float64[np.ndarray, " q"]:
    """From the draws of large weight; of the others, the average gap stands for each."""
    mean = (row_sums(shift) + light[0] + sloped) / m  # the gaps of all draws sum to 0
    known = light[0] > _LEAST
    evenness = np.where(known, light[1] / np.where(known, light[0], 1.0) ** 2, 0.0)
    total = row_dots(shift, shift) + evenness * (light[0] + sloped) ** 2 - m * mean**2
    return np.asarray(np.maximum((m - 1) / m * total, 0.0))
