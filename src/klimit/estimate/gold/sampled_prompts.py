"""Mean gold reward at every level for the population that the prompts come from."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.core.results import Result
from klimit.estimate.gold.curves import GoldCurves
from klimit.estimate.gold.simultaneous import Curve
from klimit.estimate.within_prompts import WithinPrompts

__all__ = ["GoldLevels", "kl_slopes", "sampled_levels"]


@dataclass(frozen=True, slots=True, eq=False)
class GoldLevels(Result):
    """The gold reward along best-of-N and along the frontier.

    Attributes:
        best_of: One level an N.
        tilt: One level a budget.
    """

    best_of: Curve
    tilt: Curve


def sampled_levels(curves: GoldCurves, *, gold: int) -> GoldLevels:
    """The mean over prompts, its error from their spread.

    At a given budget the beta is estimated too: what a prompt's KL lacks is made good along the
    curve, so that the spread of these sums is the error.

    Args:
        curves: Means prompt by prompt.
        gold: Which further reward, from 0.

    Returns:
        The two curves.
    """
    best_of = curves.best_of[:, :, gold + 1]
    off = curves.kl - curves.kl.mean(axis=0)
    tilt = curves.tilt[:, :, gold + 1] - kl_slopes(curves, gold=gold) * off
    return GoldLevels(_sampled(best_of), _sampled(tilt, curves.tilt_bias[:, :, gold + 1]))


def kl_slopes(curves: GoldCurves, *, gold: int) -> Float64[np.ndarray, " b"]:
    """Change of the mean gold reward by that of the mean KL, along the tilts.

    Args:
        curves: Means prompt by prompt.
        gold: Which further reward, from 0.

    Returns:
        One slope a tilt, shape ``(b,)``; 0 at a beta of 0 or ``inf`` and for a constant proxy.
    """
    betas = np.where(np.isfinite(curves.betas), curves.betas, 0.0)
    rise = betas * curves.slopes[:, :, 0].mean(axis=0)
    gain = curves.slopes[:, :, gold + 1].mean(axis=0)
    slopes: Float64[np.ndarray, " b"] = np.divide(
        gain, rise, out=np.zeros_like(gain), where=rise > 0
    )
    return slopes


def _sampled(
    values: Float64[np.ndarray, "p k"], bias: Float64[np.ndarray, "p k"] | None = None
) -> Curve:
    p, k = values.shape
    unknown = np.full(p, np.nan)
    left = np.zeros((p, k)) if bias is None else bias
    points = tuple(
        WithinPrompts(values[:, j], unknown, unknown, None, left[:, j]) for j in range(k)
    )
    gaps = values - values.mean(axis=0)
    covariance = gaps.T @ gaps / max(p - 1, 1) / p
    return Curve(points, covariance, p - 1.0, "sampled")
