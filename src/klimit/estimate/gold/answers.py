"""Both curves of a gold reward, put together with the proxy's and read."""

from collections.abc import Sequence

import numpy as np

from klimit.core.results import Estimate
from klimit.estimate.best_of.points import BestOfEstimate
from klimit.estimate.frontier.points import FrontierEstimate
from klimit.estimate.gold.peaks import Trend, read_trend
from klimit.estimate.gold.points import GoldAtKL, GoldAtN, OverOptimisation
from klimit.estimate.gold.sampled_prompts import GoldLevels
from klimit.estimate.gold.simultaneous import Curve, band, differences
from klimit.estimate.gold.verdicts import peak_of, verdict

__all__ = ["gold_answer"]


def gold_answer(  # noqa: PLR0913  (its parts)
    name: str,
    best_of: BestOfEstimate,
    frontier: FrontierEstimate,
    gold: GoldLevels,
    correlations: Sequence[Estimate | None],
    *,
    reason: str,
) -> OverOptimisation:
    """Put proxy and gold together and say what gold does.

    Args:
        name: Name of the gold reward.
        best_of: The proxy under best-of-N.
        frontier: The proxy along its frontier.
        gold: Gold at the same levels.
        correlations: Of both among the draws kept, one an N.
        reason: What was left out.

    Returns:
        The result.
    """
    rng = np.random.default_rng(0)  # integrates: the answer is the same every time
    at_n = _along_best_of(best_of, gold.best_of, correlations, rng)
    at_kl = _along_frontier(frontier, gold.tilt, rng)
    by_n = np.argsort([point.n for point in at_n], kind="stable")
    by_kl = np.argsort([point.kl for point in at_kl], kind="stable")
    by_kl = by_kl[[at_kl[i].supported for i in by_kl]]
    rising_n, rising_kl = [at_n[i] for i in by_n], [at_kl[i] for i in by_kl]
    spent = [point.kl.value for point in rising_n]
    trend = _trend(gold.best_of.take(by_n), spent, best_of.level, rng)
    tilted = _trend(gold.tilt.take(by_kl), [x.kl for x in rising_kl], best_of.level, rng)
    peak = peak_of(rising_n, trend) or peak_of(rising_kl, tilted)
    return OverOptimisation(
        gold=name,
        verdict=verdict(name, rising_n, trend, frontier=tilted.shape),
        best_of_n=tuple(at_n),
        frontier=tuple(at_kl),
        peak=peak[0] if peak else None,
        peak_range=peak[1] if peak else None,
        still_rising=trend.still_rising,
        best_of_n_trend=trend,
        frontier_trend=tilted,
        prompts=best_of.prompts,
        level=best_of.level,
        prompt_count=best_of.prompt_count,
        draw_count=best_of.draw_count,
        reason=reason,
    )


def _along_best_of(
    best_of: BestOfEstimate,
    gold: Curve,
    correlations: Sequence[Estimate | None],
    rng: np.random.Generator,
) -> list[GoldAtN]:
    low, high = band(gold, level=best_of.level, rng=rng)
    return [
        GoldAtN(
            n=point.n,
            kl=point.kl,
            proxy=point.reward,
            gold=gold.points[k].mean(prompts=best_of.prompts, level=best_of.level),
            band_low=float(low[k]),
            band_high=float(high[k]),
            correlation=correlations[k],
        )
        for k, point in enumerate(best_of.points)
    ]


def _along_frontier(
    frontier: FrontierEstimate, gold: Curve, rng: np.random.Generator
) -> list[GoldAtKL]:
    low, high = band(gold, level=frontier.level, rng=rng)
    return [
        GoldAtKL(
            kl=point.kl,
            beta=point.beta,
            proxy=point.reward,
            gold=gold.points[b].mean(prompts=frontier.prompts, level=frontier.level),
            band_low=float(low[b]),
            band_high=float(high[b]),
            supported=point.supported,
            reason=point.reason,
        )
        for b, point in enumerate(frontier.points)
    ]


def _trend(curve: Curve, kl: Sequence[float], level: float, rng: np.random.Generator) -> Trend:
    if not curve.points:
        return Trend(None, 0, 0, still_rising=False, shape="unknown")
    return read_trend(curve.values, np.array(kl), differences(curve, level=level, rng=rng))
