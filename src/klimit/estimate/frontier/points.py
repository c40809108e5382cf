"""The frontier from draws: the largest reward at each KL budget."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.core.results import Estimate, Result
from klimit.estimate.draws import Draws
from klimit.estimate.frontier.condensing import sums_over
from klimit.estimate.frontier.interval import estimate_of
from klimit.estimate.frontier.own import OwnFrontier, own_frontier
from klimit.estimate.frontier.pooled import PooledFrontier, pooled_frontier
from klimit.estimate.frontier.reliability import frontier_objection, wider_at_the_edge
from klimit.estimate.frontier.rising import rising_own, rising_pooled
from klimit.estimate.frontier.sums import Sums
from klimit.estimate.frontier.tails import tail_shape
from klimit.estimate.frontier.values import Values, ceilings
from klimit.estimate.uncertainty import check_level, check_prompts

__all__ = ["FrontierEstimate", "FrontierPoint", "estimate_frontier"]

_HALVINGS = 10  # of the budgets, to find the largest that is supported


@dataclass(frozen=True, slots=True, eq=False)
class FrontierPoint(Result):
    """The largest mean reward within one KL budget.

    Attributes:
        kl: The budget, in nats: an average over prompts (pooled) or for each prompt.
        beta: The inverse temperature, the factor on the reward, that spends it; ``inf`` at and
            above the ceiling. With a budget for each prompt the median of theirs.
        reward: The largest expected reward within the budget.
        ess: Effective number of draws a prompt that carry the estimate; where budgets are
            pooled prompts are weighted by the variance of their rewards.
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
        supported_kl: The largest budget that the data bear, in nats; beyond it they say
            nothing. ``inf`` where they bear the ceiling, above which nothing changes.
        ceiling_kl: The KL at which the reward can rise no further, in nats: that of the best
            draws seen.
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

    The bias of finitely many draws is removed: the jackknife tells its size and how fast it
    falls with the number of draws, hence how much may be left of it, which widens the interval.
    A point is supported where that is little and enough draws carry the estimate.

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
        InputError: An argument is outside its range, or the rewards of each
            prompt differ by next to nothing.
        InsufficientDataError: One prompt, where prompts are sampled.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> draws = Draws.from_matrix(rng.normal(size=(100, 256)))
        >>> print(estimate_frontier(draws, kl=0.5).points[0].reward)  # the truth is 1
        0.9985 ± 0.0079
    """
    check_prompts(prompts)
    check_level(level)
    if pooling not in {"pooled", "per-prompt"}:
        raise InputError(f'pooling must be "pooled" or "per-prompt", got {pooling!r}')
    budgets = [float(budget) for budget in np.atleast_1d(np.asarray(kl, dtype=np.float64))]
    for budget in budgets:
        if not budget >= 0:
            raise InputError(f"kl must be at least 0, got {budget}")
    sums = sums_over(draws.rewards, draws.counts)
    tops = ceilings(sums)
    own = pooling == "per-prompt" and len(draws.prompts) > 1  # or else they are the same
    ceiling = float(tops.max() if own else tops.mean())
    curve: PooledFrontier | OwnFrontier
    largest = max(budgets, default=0.0)
    if own:
        curve = own_frontier(draws)
        shown = rising_own(curve, largest=largest)
    else:
        curve = pooled_frontier(sums, budgets=[*budgets, 0.01 * ceiling], prompts=prompts)
        shown = rising_pooled(curve, largest=largest)

    def point(budget: float) -> FrontierPoint:
        values = shown.values(budget)
        wider = wider_at_the_edge(values.carried) if budget > 0 else 1.0
        reward = estimate_of(sums, values, wider=wider, prompts=prompts, level=level)
        reason = frontier_objection(sums, values.carried, kl=budget, own=own)
        return _point(sums, values, kl=budget, reward=reward, reason=reason)

    def borne(budget: float) -> bool:
        return not frontier_objection(sums, curve.carried(budget), kl=budget, own=own)

    return FrontierEstimate(
        points=tuple(point(budget) for budget in budgets),
        supported_kl=_largest(borne, ceiling),
        ceiling_kl=float(tops.mean()),
        mean_reward=point(0.0).reward,
        pooling=pooling,
        prompts=prompts,
        level=level,
        prompt_count=len(draws.prompts),
        draw_count=len(draws),
    )


def _point(
    sums: Sums, values: Values, *, kl: float, reward: Estimate, reason: str
) -> FrontierPoint:
    return FrontierPoint(
        kl=kl,
        beta=median(values.beta.tolist()),
        reward=reward,
        ess=values.carried.ess,
        pareto_k=float(tail_shape(sums.tails, beta=values.beta).mean()),
        supported=not reason,
        reason=reason,
    )


def _largest(borne: Callable[[float], bool], ceiling: float) -> float:
    """The largest budget that is borne, ``inf`` where the ceiling is."""
    if borne(np.inf):
        return np.inf
    low, high = 0.0, ceiling
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if borne(middle) else (low, middle)
    return low
