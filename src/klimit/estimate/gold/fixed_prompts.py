"""Mean gold reward at every level for the prompts at hand: errors from their draws alone."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from klimit.core.results import Result
from klimit.estimate.draws import Draws
from klimit.estimate.gold.curves import GoldCurves
from klimit.estimate.gold.left_out import BestOfLeftOut, tilts_left_out
from klimit.estimate.gold.sampled_prompts import GoldLevels, kl_slopes
from klimit.estimate.gold.simultaneous import Curve
from klimit.estimate.parts import Part, parts
from klimit.estimate.prompt_sums import centred, prompt_dots, prompt_sums
from klimit.estimate.weighted_sums import products
from klimit.estimate.weights import tilt_weights
from klimit.estimate.within_prompts import WithinPrompts

__all__ = ["fixed_levels"]

_THREADS = 2
_NUMBERS = 1 << 22  # left-out values at a time


def fixed_levels(
    draws: Draws,
    golds: Sequence[Float64[np.ndarray, " n"]],
    curves: GoldCurves,
    *,
    n: Int64[np.ndarray, " k"],
) -> Iterator[GoldLevels]:
    """The means over these prompts alone, their errors from their draws by the jackknife.

    Args:
        draws: Draws of the reference policy; their reward is the proxy.
        golds: The gold rewards of the draws, shape ``(n,)`` each.
        curves: Means prompt by prompt.
        n: Numbers of draws of which the best is kept.

    Yields:
        Two curves a gold reward.
    """
    told, every = n < draws.counts.min(), np.ones(curves.betas.size, dtype=bool)

    def moments(part: Part) -> list[tuple["_Moments", "_Moments"]]:
        return _part(part.draws, [gold[part.rows] for gold in golds], curves, n=n[told])

    with ThreadPoolExecutor(_THREADS) as pool:
        found = list(pool.map(moments, parts(draws)))
    for g in range(len(golds)):
        best_of, tilt = (_joined([part[g][i] for part in found]) for i in (0, 1))
        bias = curves.tilt_bias[:, :, g + 1]
        yield GoldLevels(
            _fixed(curves.best_of[:, :, g + 1], best_of, told),
            _fixed(curves.tilt[:, :, g + 1], tilt, every, bias),
        )


def _part(
    draws: Draws,
    golds: Sequence[Float64[np.ndarray, " m"]],
    curves: GoldCurves,
    *,
    n: Int64[np.ndarray, " k"],
) -> list[tuple["_Moments", "_Moments"]]:
    """Moments along best-of-N and along the tilts for some of the prompts."""
    counts, betas, worth = draws.counts, curves.betas, np.stack(golds)
    worth = centred(counts, worth, prompt_sums(counts, worth) / counts)
    best_of = BestOfLeftOut.of(draws, n=n)
    weights = np.array([tilt_weights(draws, beta=float(beta)) for beta in betas])
    slopes = np.array([kl_slopes(curves, gold=g) for g in range(len(golds))])
    together, found = max(_NUMBERS // weights.size, 1), []
    for first in range(0, len(golds), together):
        own, rates = worth[first : first + together], slopes[first : first + together]
        tilts = tilts_left_out(draws, own, weights, betas=betas, slopes=rates)
        found += [
            (_moments(counts, best_of.means(each)), _moments(counts, tilt))
            for each, tilt in zip(own, tilts, strict=True)
        ]
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Moments(Result):
    """Moments of each level's left-out values, and their covariance summed over prompts."""

    variances: Float64[np.ndarray, "k p"]
    doubts: Float64[np.ndarray, "k p"]
    thirds: Float64[np.ndarray, "k p"]
    covariance: Float64[np.ndarray, "k k"]


def _moments(counts: Int64[np.ndarray, " p"], left_out: Float64[np.ndarray, "k n"]) -> _Moments:
    """Moments of left-out values, which are overwritten: they are large."""
    rest = counts - 1.0
    gaps = centred(counts, left_out, prompt_sums(counts, left_out) / counts)
    squares = np.multiply(gaps, gaps, out=left_out)
    powers = (gaps, gaps), (squares, gaps), (squares, squares)
    second, third, fourth = (prompt_dots(counts, *pair) for pair in powers)
    gaps *= np.repeat(np.sqrt(rest / counts), counts)
    return _Moments(
        rest * second / counts,
        rest**2 / counts * (fourth / counts - (second / counts) ** 2),
        -(rest**3) / counts**2 * third / counts,
        products(gaps),
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
