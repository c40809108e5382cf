"""What finitely many draws do to the cgf of a prompt: bias, its decay, and variance."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from klimit.estimate.frontier.power_sums import deviations, power_sums
from klimit.estimate.frontier.rows import row_dots, row_sums
from klimit.estimate.frontier.sums import TiltSums

__all__ = ["Jackknife", "jackknife"]

_ORDERS = np.arange(2.0, 5.0)  # powers of the weights that enter the bias without one draw
# coefficients of the powers of a weight in the bias without its draw: of the sums of all
# weights' powers, each by its order, and of what the draw's own powers take from them
_SERIES = np.cumprod([_ORDERS, (_ORDERS + 1) / 2, (_ORDERS + 2) / 3, (_ORDERS + 3) / 4], axis=0)
_OWN = np.array([0.0, 1 / 2, 4 / 3, 11 / 4])
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
    """

    bias: Float64[np.ndarray, " p"]
    change: Float64[np.ndarray, " p"]
    variance: Float64[np.ndarray, " p"]
    third: Float64[np.ndarray, " p"]
    fourth: Float64[np.ndarray, " p"]


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
    present, heavy, light = _divided(every, sums.powers[:, prompts])
    others = 1.0 - heavy  # the weight of the other draws, added where rounding might hide it
    others[:, :1] = np.maximum(row_sums(heavy[:, 1:]) + light[0], _LEAST)[:, None]
    logs, inverse = np.log(others) * present, 1 / others
    raised, rest = _raised(heavy), m - row_sums(present)
    smaller = np.array([row_sums(x[:, 1:]) for x in raised]) + light[1:] / _ORDERS[:, None]
    whole = smaller + np.array([row_sums(x[:, :1]) for x in raised])

    # the bias without a draw: one by one for the heavy ones, for the others as a power series
    scale = np.where(m > 1, (m - 2) / np.maximum(m - 1, 1), 0.0)
    level, total = scale * whole.sum(axis=0), _bias_left(inverse, raised, whole, smaller)
    left = present * (scale[:, None] * total - level[:, None])
    series = scale * (_SERIES @ whole - _OWN[:, None])
    moved = row_sums(left) + (series * light).sum(axis=0)
    fewer = level + moved / m - _series_alike(m - 1)
    now = (m - 1) / m * whole.sum(axis=0) - _series_alike(m)

    influence, (mean, away) = logs + left, deviations(light, rest)
    terms = _influence(series, mean)
    centre = (row_sums(influence) + power_sums(terms, away, rest)[0]) / m
    terms[0] -= centre
    centred = present * (influence - centre[:, None])
    square = centred * centred
    second, third, fourth = power_sums(terms, away, rest)[1:]
    # that of a normal law at least: where all weights are alike the sums cancel
    fourth = np.maximum(fourth, 3 * second**2 / np.maximum(rest, 1.0))
    second += row_sums(square)
    third += row_dots(square, centred)
    fourth += row_dots(square, square)
    plain = (light / np.arange(1.0, 5.0)[:, None]).sum(axis=0)
    bias = (m - 1) / m * (plain - row_sums(logs) - 1.0) + _count_term(m)
    return [
        np.where(single, 0.0, bias),
        np.where(single, 0.0, (m - 1) * (fewer - now)),
        np.where(single, np.inf, (m - 1) / m * second),
        -third,
        fourth,
    ]


def _divided(
    every: Float64[np.ndarray, "p h"], light: Float64[np.ndarray, "4 p"]
) -> tuple[Float64[np.ndarray, "p k"], Float64[np.ndarray, "p k"], Float64[np.ndarray, "4 p"]]:
    """Which weights are large, these with 0 for others, and sums of powers of the others."""
    width = np.count_nonzero(every.max(axis=0) >= _LIGHT)  # they fall from left to right
    present = (every[:, :width] >= _LIGHT).astype(np.float64)  # faster than choosing by it
    heavy, rest = every[:, :width] * present, every.copy()
    rest[:, :width] -= heavy
    square = rest * rest
    pairs = (rest, rest), (square, rest), (square, square)
    sums = [row_sums(rest), *(row_dots(one, other) for one, other in pairs)]
    return present, heavy, light + np.array(sums)


def _raised(x: Float64[np.ndarray, "p h"]) -> list[Float64[np.ndarray, "p h"]]:
    """The powers that enter, each by its order, by multiplication, much faster than powers."""
    square = 0.5 * x * x
    return [square, 2 / 3 * x * square, square * square]


def _bias_left(
    inverse: Float64[np.ndarray, "p h"],
    raised: list[Float64[np.ndarray, "p h"]],
    whole: Float64[np.ndarray, "3 p"],
    smaller: Float64[np.ndarray, "3 p"],
) -> Float64[np.ndarray, "p h"]:
    """The part of the bias that comes from the weights, without each heavy draw."""
    left = np.zeros(inverse.shape)
    for i in reversed(range(len(raised))):
        left *= inverse
        others = whole[i, :, None] - raised[i]
        others[:, :1] = smaller[i, :, None]  # without the largest, a difference may be rounding
        left += others
    left *= inverse
    left *= inverse
    return left


def _influence(
    series: Float64[np.ndarray, "4 p"], mean: Float64[np.ndarray, " p"]
) -> Float64[np.ndarray, "5 p"]:
    """The influence of a light draw as a polynomial of what its weight exceeds the mean by."""
    one, two, three, four = series
    slope = -1 / (1 - mean)
    return np.array(
        [
            np.log1p(-mean) + mean * (one + mean * (two + mean * (three + mean * four))),
            slope + one + mean * (2 * two + mean * (3 * three + mean * 4 * four)),
            -(slope**2) / 2 + two + mean * (3 * three + mean * 6 * four),
            slope**3 / 3 + three + 4 * mean * four,
            -(slope**4) / 4 + four,
        ]
    )


def _series_alike(m: Float64[np.ndarray, " p"]) -> Float64[np.ndarray, " p"]:
    """The part of the bias that comes from the weights, as a series, where all are alike."""
    many = np.maximum(m, 1.0)
    return np.asarray(
        (many - 1) / many * (many ** (1 - _ORDERS[:, None]) / _ORDERS[:, None]).sum(axis=0)
    )


def _count_term(m: Float64[np.ndarray, " p"]) -> Float64[np.ndarray, " p"]:
    """The part of the bias that comes from the number of draws alone."""
    many = np.maximum(m, 2.0)
    term = (many - 1) / many + (many - 1) * np.log1p(-1 / many)
    return np.asarray(np.where(m > 1, term, 0.0))
