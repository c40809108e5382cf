"""The frontier from draws: the largest reward at each KL budget."""

from dataclasses import dataclass

from klimit.core.results import Estimate, Result

__all__ = ["FrontierEstimate", "FrontierPoint"]


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
