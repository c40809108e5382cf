"""What further rewards do at every prompt as the proxy is optimised."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float64, Int64

from klimit.core.results import Result
from klimit.estimate.draws import Draws
from klimit.estimate.gold.left_bias import left_bias
from klimit.estimate.gold.level_weights import level_weights
from klimit.estimate.parts import parts
from klimit.estimate.weighted_sums import weighted_sums

__all__ = ["GoldCurves", "gold_curves"]


@dataclass(frozen=True, slots=True, eq=False)
class GoldCurves(Result):
    """Per-prompt means of ``g`` further rewards and of the proxy, first, under each level.

    Attributes:
        best_of: Unbiased means under best-of-N, shape ``(p, k, g + 1)``.
        best_of_squares: The same of the squares about each prompt's mean.
        best_of_products: The same of the products with the proxy about these means.
        tilt: Means under the tilts, jackknifed, shape ``(p, b, g + 1)``.
        tilt_bias: What may be left of their bias, shape ``(p, b, g + 1)``.
        slopes: Their derivatives by beta, shape ``(p, b, g + 1)``.
        kl: Divergence of each tilt, plug-in, shape ``(p, b)``.
        centres: Means of the draws, shape ``(p, g + 1)``.
        betas: Inverse temperatures of the tilts, shape ``(b,)``.
    """

    best_of: Float64[np.ndarray, "p k c"]
    best_of_squares: Float64[np.ndarray, "p k c"]
    best_of_products: Float64[np.ndarray, "p k c"]
    tilt: Float64[np.ndarray, "p b c"]
    tilt_bias: Float64[np.ndarray, "p b c"]
    slopes: Float64[np.ndarray, "p b c"]
    kl: Float64[np.ndarray, "p b"]
    centres: Float64[np.ndarray, "p c"]
    betas: Float64[np.ndarray, " b"]


def gold_curves(
    draws: Draws,
    golds: Sequence[Float64[np.ndarray, " n"]],
    *,
    n: Int64[np.ndarray, " k"],
    betas: Float64[np.ndarray, " b"],
) -> GoldCurves:
    """Means of further rewards under best-of-N and under tilts of the proxy.

    Args:
        draws: Draws of the reference policy; their reward is the proxy.
        golds: ``g`` further rewards of the draws.
        n: Numbers of draws of which the best is kept, at most those of any prompt.
        betas: Inverse temperatures, the factors on the proxy.

    Returns:
        The means, prompt by prompt.

    Example:
        >>> draws = Draws.from_matrix([[0.0, 1.0, 1.0]])
        >>> gold = [np.array([5.0, 2.0, 4.0])]
        >>> gold_curves(draws, gold, n=np.array([1, 2, 3]), betas=np.zeros(1)).best_of[0, :, 1]
        array([3.66666667, 3.        , 3.        ])
    """
    whole: dict[str, Float64[np.ndarray, "p ..."]] = {}
    for part in parts(draws):
        own = _part(part.draws, [gold[part.rows] for gold in golds], n, betas)
        for field in fields(GoldCurves):
            numbers = getattr(own, field.name)
            if field.name != "betas":
                shape = (len(draws.prompts), *numbers.shape[1:])
                whole.setdefault(field.name, np.empty(shape))[part.prompts] = numbers
    return GoldCurves(**whole, betas=betas)


def _part(
    draws: Draws,
    golds: Sequence[Float64[np.ndarray, " m"]],
    n: Int64[np.ndarray, " k"],
    betas: Float64[np.ndarray, " b"],
) -> GoldCurves:
    counts = draws.counts
    columns = np.stack([draws.rewards, *golds])
    centres = np.add.reduceat(columns, draws.offsets[:-1], axis=1) / counts
    columns = columns - np.repeat(centres, counts, axis=1)
    weights = level_weights(draws, n=n, betas=betas)
    moments = weighted_sums(
        counts, weights.best_of, np.vstack([columns, columns**2, columns * columns[0]])
    )
    best_of, squares, products = np.split(moments, 3, axis=2)
    plain = weighted_sums(counts, weights.tilt, columns)
    lean = weights.tilt * (columns[0] - np.repeat(plain[:, :, 0].T, counts, axis=1))
    odds = weighted_sums(counts, weights.odds, np.vstack([np.ones(len(draws)), columns]))
    added = odds[:, :, 1:] - plain * odds[:, :, :1]
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(weights.tilt > 0, np.log(weights.tilt), 0.0)
    kl = np.add.reduceat(weights.tilt * logs, draws.offsets[:-1], axis=1) + np.log(counts)
    return GoldCurves(
        best_of=best_of + centres.T[:, None],
        best_of_squares=squares,
        best_of_products=products,
        tilt=plain + ((counts - 1) / counts)[:, None, None] * added + centres.T[:, None],
        tilt_bias=left_bias(counts, weights.tilt, columns, plain),
        slopes=weighted_sums(counts, lean, columns),
        kl=kl.T,
        centres=centres.T,
        betas=betas,
    )
