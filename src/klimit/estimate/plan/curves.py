"""Reward against draws along every method, for a figure."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.core.results import Result
from klimit.estimate.draws import Draws
from klimit.estimate.plan.best_of import BestOf
from klimit.estimate.plan.outcome import Method
from klimit.estimate.plan.planner import Plan
from klimit.estimate.plan.random_best_of import MOST_DRAWS, random_families
from klimit.estimate.plan.ranks import reward_curves
from klimit.estimate.plan.rejection import Rejection, rejection
from klimit.estimate.plan.supply import Supply, supply

__all__ = ["PlanCurve", "plan_curves"]

_BEYOND = 4.0  # how many times the dearest option the curves go on
_LEAST = 16.0
_SMALL = 0.05  # strength from which curves are dense, where the draws reach it


@dataclass(frozen=True, slots=True, eq=False)
class PlanCurve(Result):
    """One method as its price rises.

    Attributes:
        method: Its name.
        draws: Mean number of draws for one response, rising, shape ``(g,)``.
        reward: Predicted reward, shape ``(g,)``.
        kl: Predicted divergence from the reference policy, in nats, shape ``(g,)``.
    """

    method: str
    draws: Float64[np.ndarray, " g"]
    reward: Float64[np.ndarray, " g"]
    kl: Float64[np.ndarray, " g"]


def plan_curves(draws: Draws, plan: Plan, *, size: int = 24) -> tuple[PlanCurve, ...]:
    """What more draws would buy, past the options of a plan, with every method that draws.

    Soft best-of-n is close to best-of-n at the same price and has no curve of its own.

    Args:
        draws: The draws that the plan was made from.
        plan: The plan.
        size: Number of points of each curve, at most.

    Returns:
        A curve a method: best-of-N, those with a random N, rejection.

    Example:
        >>> from klimit import plan
        >>> draws = Draws.from_matrix(np.random.default_rng(0).normal(size=(30, 64)))
        >>> curves = plan_curves(draws, plan(draws, kl=0.5), size=8)
        >>> [curve.method for curve in curves][0], curves[0].draws[:4]
        ('best-of-n', array([1., 2., 4., 6.]))
    """
    ready = supply(draws, tokens=None, prompts=plan.prompts, level=plan.level)
    dearest = max(_LEAST, *(_BEYOND * option.draws.value for option in plan.options))
    curves = reward_curves(ready.pools, most=min(ready.typical, MOST_DRAWS))
    methods: list[Method] = [BestOf(ready), *random_families(ready, curves), rejection(ready)]
    return tuple(_curve(method, ready, dearest, size) for method in methods)


def _curve(method: Method, ready: Supply, dearest: float, size: int) -> PlanCurve:
    points = [method.means(strength) for strength in _grid(method, ready, dearest, size)]
    within = [point for point in points if point.draws <= dearest] or points[:1]
    return PlanCurve(
        method.name,
        np.array([point.draws for point in within], dtype=np.float64),
        np.array([point.reward for point in within]),
        np.array([point.kl for point in within]),
    )


def _grid(
    method: Method, ready: Supply, dearest: float, size: int
) -> Float64[np.ndarray, " g"]:
    """Strengths that are dense in the logarithm of the draws."""
    if isinstance(method, Rejection):
        passed = np.geomspace(1.0, 1.0 / dearest, size)
        ranks = np.quantile(ready.draws.rewards, 1.0 - passed, method="lower")
        found = np.searchsorted(method.thresholds, ranks).astype(np.float64)
        return np.unique(np.minimum(found, method.most()))
    top = max(min(method.most(), dearest), method.least)
    grid = np.geomspace(max(method.least, min(_SMALL, top / 2)), top, size)
    return np.unique(np.round(grid)) if method.whole else np.append(method.least, grid)
