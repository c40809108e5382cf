"""Mean gold reward at every level for the prompts at hand: errors from their draws alone."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from klimit.core.results import Result
from klimit.estimate.draws import Draws
from klimit.estimate.gold.curves import GoldCurves, slices
from klimit.estimate.gold.left_out import best_of_left_out, tilts_left_out
from klimit.estimate.gold.level_weights import level_weights
from klimit.estimate.gold.sampled_prompts import GoldLevels, kl_slopes
from klimit.estimate.gold.simultaneous import Curve
from klimit.estimate.within_prompts import WithinPrompts

__all__ = ["fixed_levels"]


def fixed_levels(
    draws: Draws,
    gold: Float64[np.ndarray, " n"],
    curves: GoldCurves,
    *,
    index: int,
    n: Int64[np.ndarray, " k"],
) -> GoldLevels:
    """The mean over these prompts alone, its error from their draws by the jackknife.

    Args:
        draws: Draws of the reference policy; their reward is the proxy.
        gold: The gold reward of each draw, shape ``(n,)``.
        curves: Means prompt by prompt.
        index: Which of their further rewards this is, from 0.
        n: Numbers of draws of which the best is kept.

    Returns:
        The two curves.
    """
    betas, slopes = curves.betas, kl_slopes(curves, gold=index)
    told = n < draws.counts.min()
    moments: list[tuple[_Moments, _Moments]] = []
    for piece, where in slices(draws):
        worth = gold[where] - np.repeat(
            np.add.reduceat(gold[where], piece.offsets[:-1]) / piece.counts, piece.counts
        )
        weights = level_weights(piece, n=n[:0], betas=betas)
        moved = tilts_left_out(piece, worth, weights, betas=betas, slopes=slopes)
        moments.append(
            (
                _moments(piece, best_of_left_out(piece, worth, n=n[told])),
                _moments(piece, moved),
            )
        )
    best_of, tilt = (_joined([pair[i] for pair in moments]) for i in (0, 1))
    return GoldLevels(
        _fixed(curves.best_of[:, :, index + 1], best_of, told),
        _fixed(
            curves.tilt[:, :, index + 1],
            tilt,
            np.ones(betas.size, dtype=bool),
            curves.tilt_bias[:, :, index + 1],
        ),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Moments(Result):
    """Moments of each level's left-out values, and their covariance summed over prompts."""

    variances: Float64[np.ndarray, "k p"]
    doubts: Float64[np.ndarray, "k p"]
    thirds: Float64[np.ndarray, "k p"]
    covariance: Float64[np.ndarray, "k k"]


def _moments(draws: Draws, left_out: Float64[np.ndarray, "k n"]) -> _Moments:
    counts, starts = draws.counts, draws.offsets[:-1]
    rest = counts - 1.0

    def mean(values: Float64[np.ndarray, "k n"]) -> Float64[np.ndarray, "k p"]:
        average: Float64[np.ndarray, "k p"] = np.add.reduceat(values, starts, axis=1) / counts
        return average

    gaps = left_out - np.repeat(mean(left_out), counts, axis=1)
    twice = gaps * gaps
    squares = mean(twice)
    scaled = gaps * np.repeat(np.sqrt(rest / counts), counts)
    return _Moments(
        rest * squares,
        rest**2 / counts * (mean(twice * twice) - squares**2),
        -(rest**3) / counts**2 * mean(twice * gaps),
        scaled @ scaled.T,
    )


def _joined(parts: list[_Moments]) -> _Moments:
    return _Moments(
        np.concatenate([part.variances for part in parts], axis=1),
        np.concatenate([part.doubts for part in parts], axis=1),
        np.concatenate([part.thirds for part in parts], axis=1),
        np.sum([part.covariance for part in parts], axis=0),
    )


def _fixed(
    values: Float64[np.ndarray, "p k"],
    moments: _Moments,
    told: Bool[np.ndarray, " k"],
    bias: Float64[np.ndarray, "p k"] | None = None,
) -> Curve:
    p, k = values.shape
    points = []
    covariance = np.diag(np.where(told, 0.0, np.inf))
    covariance[np.ix_(told, told)] = moments.covariance / p**2
    place = np.cumsum(told) - 1
    for j in range(k):
        if told[j]:
            points.append(
                WithinPrompts(
                    values[:, j],
                    moments.variances[place[j]],
                    moments.doubts[place[j]],
                    moments.thirds[place[j]],
                    None if bias is None else bias[:, j],
                )
            )
        else:
            unknown = np.full(p, np.inf)
            points.append(WithinPrompts(values[:, j], unknown, unknown))
    return Curve(tuple(points), covariance, np.inf, "fixed")
