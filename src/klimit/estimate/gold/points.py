"""The answer to how real a gain is: a gold reward at every level of optimisation."""

from dataclasses import dataclass

from klimit.core.results import Estimate, Result
from klimit.estimate.gold.peaks import Trend

__all__ = ["GoldAtKL", "GoldAtN", "OverOptimisation", "PeakRange"]


@dataclass(frozen=True, slots=True, eq=False)
class GoldAtN(Result):
    """Proxy and gold under best-of-N by the proxy.

    Attributes:
        n: Number of draws of which the best by the proxy is kept.
        kl: Its divergence from the reference policy, in nats.
        proxy: Mean of the proxy, without bias.
        gold: Mean of the gold reward, without bias, ties included.
        band_low: Lower end of the band that holds gold at all N together.
        band_high: Upper end of that band.
        correlation: Correlation of proxy and gold among the draws kept, within prompts;
            ``None`` where one of them does not vary.
    """

    n: int
    kl: Estimate
    proxy: Estimate
    gold: Estimate
    band_low: float
    band_high: float
    correlation: Estimate | None


@dataclass(frozen=True, slots=True, eq=False)
class GoldAtKL(Result):
    """Proxy and gold where the proxy is on its frontier.

    Attributes:
        kl: The budget, in nats, an average over prompts.
        beta: The inverse temperature, the factor on the proxy, that spends it.
        proxy: The largest mean of the proxy within the budget.
        gold: Mean of the gold reward under the same tilt.
        band_low: Lower end of the band that holds gold at all budgets together.
        band_high: Upper end of that band.
        supported: Whether the data bear the point.
        reason: Why they do not, in words; empty where they do.
    """

    kl: float
    beta: float
    proxy: Estimate
    gold: Estimate
    band_low: float
    band_high: float
    supported: bool
    reason: str


@dataclass(frozen=True, slots=True)
class PeakRange(Result):
    """Where a peak may lie, as sure as the level says, for a curve with one peak.

    Attributes:
        n_low: Gold still rises behind this N; ``None`` for a peak along the frontier.
        n_high: Gold has fallen at this N; ``None`` for a peak along the frontier.
        kl_low: The divergence at the first, in nats.
        kl_high: The divergence at the second, in nats.
    """

    n_low: int | None
    n_high: int | None
    kl_low: float
    kl_high: float


@dataclass(frozen=True, slots=True, eq=False)
class OverOptimisation(Result):
    """A gold reward as a proxy is optimised.

    Attributes:
        gold: Name of the gold reward.
        verdict: What it does, in words.
        best_of_n: One point an N, in the order asked.
        frontier: One point a budget, in the order asked.
        peak: The point where gold peaks, of best-of-N or else of the frontier; ``None`` where
            no fall is established.
        peak_range: Where that peak may lie; ``None`` without one.
        still_rising: Whether gold is established to rise up to the largest N.
        best_of_n_trend: What is established along best-of-N; indices by rising N.
        frontier_trend: What is established along the supported frontier; indices by rising KL.
        prompts: ``"sampled"`` or ``"fixed"``: for whom the intervals hold.
        level: Nominal coverage of the intervals, of each band, and of all comparisons together.
        prompt_count: Number of prompts.
        draw_count: Number of draws.
        reason: What was left out, in words; empty where nothing was.
    """

    gold: str
    verdict: str
    best_of_n: tuple[GoldAtN, ...]
    frontier: tuple[GoldAtKL, ...]
    peak: GoldAtN | GoldAtKL | None
    peak_range: PeakRange | None
    still_rising: bool
    best_of_n_trend: Trend
    frontier_trend: Trend
    prompts: str
    level: float
    prompt_count: int
    draw_count: int
    reason: str
