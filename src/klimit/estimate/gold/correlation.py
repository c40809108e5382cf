"""How proxy and gold go together among the draws that are kept."""

import numpy as np
from jaxtyping import Float64
from scipy.special import stdtrit

from klimit.core.results import Estimate
from klimit.estimate.gold.curves import GoldCurves

__all__ = ["correlation_at"]


def correlation_at(curves: GoldCurves, *, gold: int, level: float) -> list[Estimate | None]:
    """Correlation of proxy and gold among the draws that best-of-N keeps, within prompts.

    Args:
        curves: Means prompt by prompt.
        gold: Which further reward, from 0.
        level: Nominal coverage of the intervals, in (0, 1).

    Returns:
        One estimate an N, its error from the spread between prompts; ``None`` where proxy or
        gold does not vary, or of a single prompt.
    """
    gaps = curves.best_of - curves.centres[:, None]
    product = curves.best_of_products[:, :, gold + 1] - gaps[:, :, 0] * gaps[:, :, gold + 1]
    squares = curves.best_of_squares - gaps**2
    return [
        _correlation(product[:, k], squares[:, k, 0], squares[:, k, gold + 1], level)
        for k in range(product.shape[1])
    ]


def _correlation(
    product: Float64[np.ndarray, " p"],
    proxy: Float64[np.ndarray, " p"],
    gold: Float64[np.ndarray, " p"],
    level: float,
) -> Estimate | None:
    p, scale = product.size, float(proxy.mean() * gold.mean())
    if p < 2 or min(proxy.mean(), gold.mean()) <= 0:
        return None
    value = float(product.mean()) / scale**0.5
    leverage = product / scale**0.5 - value * (proxy / proxy.mean() + gold / gold.mean()) / 2
    stderr = float(leverage.std(ddof=1)) / p**0.5
    reach = float(stdtrit(p - 1, 0.5 + level / 2)) * stderr
    low, value, high = np.clip([value - reach, value, value + reach], -1.0, 1.0).tolist()
    return Estimate(value, stderr, low, high, level, p, "t, clustered by prompt")
