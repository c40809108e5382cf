"""The frontier from draws: the largest reward at each KL budget."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.core.results import Estimate, Result
from klimit.estimate.draws import Draws
from klimit.estimate.reliability import mean_tail_shape, objection
from klimit.estimate.uncertainty import check_level, check_prompts, mean_over_prompts
from klimit.estimate.weights import prompt_tilts

__all__ = ["FrontierEstimate", "FrontierPoint", "estimate_frontier"]


@dataclass(frozen=True, slots=True, eq=False)
class FrontierPoint(Result):
    """The largest mean reward within one KL budget.

    Attributes:
        kl: The budget, in nats: an average over prompts (pooled) or for each prompt.
        beta: The inverse temperature, the factor on the reward, that spends it; ``inf`` at and
            above the ceiling.
        reward: The largest expected reward within the budget.
        ess: Effective number of draws a prompt that carry the estimate.
        pareto_k: Pareto shape of the weights' tail; above 0.7 a few draws decide.
        supported: Whether the data bear the point.
        reason: Why they do not, in words; empty where they do.
    """

    kl: float
    beta: float
    reward: Estimate
    ess: float
    pareto_k: float
    supported: bool
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class FrontierEstimate(Result):
    """The frontier at several budgets.

    Attributes:
        points: One a budget, in the order asked.
        supported_kl: The largest budget that the data bear; beyond it they say nothing.
        ceiling_kl: The KL at which the empirical reward can rise no further, in nats.
        mean_reward: The reward of the reference policy itself, at budget 0.
        pooling: ``"pooled"`` (one budget for the average over prompts) or ``"per-prompt"``.
        prompts: ``"sampled"`` or ``"fixed"``: for whom the intervals hold.
        level: Nominal coverage of the intervals.
        prompt_count: Number of prompts.
        draw_count: Number of draws.
    """

    points: tuple[FrontierPoint, ...]
    supported_kl: float
    ceiling_kl: float
    mean_reward: Estimate
    pooling: str
    prompts: str
    level: float
    prompt_count: int
    draw_count: int


def estimate_frontier(
    draws: Draws,
    *,
    kl: float | Sequence[float] | Float64[np.ndarray, " k"],
    pooling: str = "pooled",
    prompts: str = "sampled",
    level: float = 0.95,
) -> FrontierEstimate:
    r"""The largest mean reward within each KL budget.

    .. math:: r^*(\mathrm{kl}) = \min_{\beta > 0} (\mathrm{kl} + \mathrm{cgf}(\beta)) / \beta

    Args:
        draws: Draws of the reference policy.
        kl: Budgets in nats, each at least 0.
        pooling: ``"pooled"`` for one budget on the average over prompts, spent at one common
            beta; ``"per-prompt"`` for the same budget at every prompt.
        prompts: ``"sampled"`` for the population that the prompts come from, ``"fixed"`` for
            these prompts alone.
        level: Nominal coverage of the intervals, in (0, 1).

    Returns:
        A point a budget, in the order asked.

    Raises:
        InputError: An argument is outside its range.
        InsufficientDataError: One prompt, where prompts are sampled.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> draws = Draws.from_matrix(rng.normal(size=(100, 256)))
        >>> print(estimate_frontier(draws, kl=0.5).points[0].reward)  # the truth is 1
        0.9984 ± 0.0079
    """
    check_prompts(prompts)
    check_level(level)
    if pooling not in {"pooled", "per-prompt"}:
        raise InputError(f'pooling must be "pooled" or "per-prompt", got {pooling!r}')
    budgets = np.atleast_1d(np.asarray(kl, dtype=np.float64))
    for budget in budgets:
        if not budget >= 0:
            raise InputError(f"kl must be at least 0, got {budget}")
    return FrontierEstimate(
        points=tuple(_point(draws, float(b), pooling, prompts, level) for b in budgets),
        supported_kl=_supported_kl(draws, pooling, prompts, level),
        ceiling_kl=_ceiling(draws),
        mean_reward=_point(draws, 0.0, pooling, prompts, level).reward,
        pooling=pooling,
        prompts=prompts,
        level=level,
        prompt_count=len(draws.prompts),
        draw_count=len(draws),
    )


def _point(draws: Draws, kl: float, pooling: str, prompts: str, level: float) -> FrontierPoint:
    beta = _spend(draws, kl, pooling)
    reward, variance, ess = _rewards(draws, kl, beta, pooling)
    reason = _reason(draws, kl, beta, ess)
    typical = float(np.median(beta))
    return FrontierPoint(
        kl=kl,
        beta=typical,
        reward=mean_over_prompts(reward, variance, prompts=prompts, level=level),
        ess=ess,
        pareto_k=mean_tail_shape(draws, beta=typical),
        supported=not reason,
        reason=reason,
    )


def _spend(draws: Draws, kl: float, pooling: str) -> Float64[np.ndarray, " p"]:
    """The beta of every prompt that spends the budget: bisection on its logarithm."""
    count = len(draws.prompts)
    if kl == 0:
        return np.zeros(count)
    span = _span(draws)
    low, high = np.full(count, -60.0), np.full(count, 25.0)

    def spent(log_beta: Float64[np.ndarray, " p"]) -> Float64[np.ndarray, " p"]:
        tilts = prompt_tilts(draws, beta=np.exp(log_beta) / span)
        spend = tilts.plug_in_kl
        return np.full(count, spend.mean()) if pooling == "pooled" else spend

    short = np.full(count, _ceiling(draws) <= kl)
    if pooling == "per-prompt":
        top = np.maximum.reduceat(draws.rewards, draws.offsets[:-1])
        short = np.log(draws.counts / _top_ess(draws, top)) <= kl
    for _ in range(60):
        middle = (low + high) / 2
        over = spent(middle) > kl
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    beta = np.where(short, np.inf, np.exp(low) / span)
    return beta if pooling == "per-prompt" or short[0] else _corrected(draws, kl, beta)


def _corrected(
    draws: Draws, kl: float, beta: Float64[np.ndarray, " p"]
) -> Float64[np.ndarray, " p"]:
    """Newton steps from the beta of the draws to that of the bias-corrected curve."""
    for _ in range(3):
        tilts = prompt_tilts(draws, beta=beta)
        slope = float((beta * tilts.variance).mean())
        step = (kl - float(tilts.kl.mean())) / slope if slope > 0 else 0.0
        beta = np.clip(beta + step, 0.8 * beta, 1.25 * beta)
    return beta


def _span(draws: Draws) -> float:
    starts = draws.offsets[:-1]
    spans = np.maximum.reduceat(draws.rewards, starts) - np.minimum.reduceat(
        draws.rewards, starts
    )
    return float(spans.max()) or 1.0


def _rewards(
    draws: Draws, kl: float, beta: Float64[np.ndarray, " p"], pooling: str
) -> tuple[Float64[np.ndarray, " p"], Float64[np.ndarray, " p"], float]:
    """Reward of every prompt, its variance over the draws, and the effective sample size."""
    top = np.maximum.reduceat(draws.rewards, draws.offsets[:-1])
    reached = np.isinf(beta)
    tilts = prompt_tilts(draws, beta=np.where(reached, 0.0, beta))
    if kl == 0:
        return tilts.reward, _mean_variance(draws), float(1 / tilts.squares.mean())
    safe = np.where(reached, 1.0, tilts.beta)
    if pooling == "pooled":
        dip = (
            tilts.kl.var(ddof=1) / max(len(draws.prompts), 2) if len(draws.prompts) > 1 else 0.0
        )
        curve = tilts.variance.mean()
        cgf, spend = tilts.cgf, kl
    else:
        dip, curve = tilts.kl_variance, tilts.variance
        cgf, spend = tilts.cgf, kl
    lift = np.where(
        reached | (curve <= 0), 0.0, dip / (2 * safe**3 * np.where(curve > 0, curve, 1.0))
    )
    reward = np.where(reached, top, np.minimum((spend + cgf) / safe + lift, top))
    weights = np.where(reached, _top_ess(draws, top), 1 / tilts.squares)
    variance = np.where(reached, 0.0, tilts.cgf_variance / safe**2)
    return reward, variance, float(1 / np.mean(1 / weights))


def _top_ess(draws: Draws, top: Float64[np.ndarray, " p"]) -> Float64[np.ndarray, " p"]:
    tied = draws.rewards == np.repeat(top, draws.counts)
    return np.add.reduceat(tied.astype(np.float64), draws.offsets[:-1])


def _mean_variance(draws: Draws) -> Float64[np.ndarray, " p"]:
    counts, starts = draws.counts, draws.offsets[:-1]
    mean = np.add.reduceat(draws.rewards, starts) / counts
    squares = np.add.reduceat((draws.rewards - np.repeat(mean, counts)) ** 2, starts)
    return np.where(counts > 1, squares / np.maximum(counts - 1, 1) / counts, np.inf)


def _reason(draws: Draws, kl: float, beta: Float64[np.ndarray, " p"], ess: float) -> str:
    if kl == 0:
        return ""
    if draws.counts.min() == 1:
        single = int((draws.counts == 1).sum())
        return f"{single} of {len(draws.prompts)} prompts have a single draw"
    if np.isinf(beta).any():
        return "the budget reaches the best draws seen"
    return objection(draws, ess=ess)


def _ceiling(draws: Draws) -> float:
    top = np.maximum.reduceat(draws.rewards, draws.offsets[:-1])
    return float(np.log(draws.counts / _top_ess(draws, top)).mean())


def _supported_kl(draws: Draws, pooling: str, prompts: str, level: float) -> float:
    low, high = 0.0, _ceiling(draws)
    for _ in range(12):
        middle = (low + high) / 2
        if _point(draws, middle, pooling, prompts, level).supported:
            low = middle
        else:
            high = middle
    return low
