"""The setting of a method that reaches a goal."""

from dataclasses import dataclass

from klimit.core.results import Result
from klimit.estimate.plan.outcome import Means, Method

__all__ = ["Found", "Goal", "search"]

_TOLERANCE = 1e-5  # of the goal's unit
_NARROW = 1e-9  # of strengths: the quantity jumps between two so near


@dataclass(frozen=True, slots=True)
class Goal(Result):
    """What a setting is to reach.

    Attributes:
        quantity: ``"kl"``, to be spent and not exceeded, or ``"reward"``, to be attained.
        value: How much of it.
        unit: The scale on which it counts: 1 nat, or the span of rewards.
    """

    quantity: str
    value: float
    unit: float

    def excess(self, means: Means) -> float:
        """How far a setting lies beyond the goal, in its unit."""
        got = means.kl if self.quantity == "kl" else means.reward
        return (got - self.value) / self.unit

    def bears_more(self, excess: float) -> bool:
        """Whether a stronger setting is wanted: KL may be spent to the last bit."""
        return excess < 0 or (excess == 0 and self.quantity == "kl")


@dataclass(frozen=True, slots=True)
class Found(Result):
    """Where a search ended.

    Attributes:
        strength: The strength: the strongest within a KL, the weakest that attains a reward.
        reached: Whether it reaches the goal; else it is the nearest that the draws bear.
    """

    strength: float
    reached: bool


def search(method: Method, goal: Goal) -> Found:
    """Find the setting of a method that reaches a goal.

    Args:
        method: The method, along which reward and KL rise.
        goal: What it is to reach.

    Returns:
        The setting, or the nearest one.
    """
    low, high = method.least, method.most()
    under, over = goal.excess(method.means(low)), goal.excess(method.means(high))
    if goal.bears_more(over):
        return Found(high, reached=over > -_TOLERANCE)
    if under >= 0:
        return Found(low, reached=goal.quantity == "reward" or under <= _TOLERANCE)
    if method.whole:
        return _bisect(method, goal, round(low), round(high))
    return Found(_root(method, goal, _End(low, under), _End(high, over)), reached=True)


def _bisect(method: Method, goal: Goal, low: int, high: int) -> Found:
    while high - low > 1:
        middle = (low + high) // 2
        more = goal.bears_more(goal.excess(method.means(middle)))
        low, high = (middle, high) if more else (low, middle)
    return Found(low if goal.quantity == "kl" else high, reached=True)


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a bracket."""

    at: float
    excess: float


def _root(method: Method, goal: Goal, low: _End, high: _End) -> float:
    """Bisection in turn with the false position of halved weights (Illinois)."""
    weights, step = [1.0, 1.0], 0
    while high.at - low.at > _NARROW:
        pull = weights[0] * low.excess, weights[1] * high.excess
        slope = pull[1] - pull[0]
        line = low.at - pull[0] * (high.at - low.at) / slope
        middle = (low.at + high.at) / 2 if step % 3 == 0 else line
        step += 1
        excess = goal.excess(method.means(middle))
        if abs(excess) <= _TOLERANCE:
            return middle
        if excess < 0:
            low, weights = _End(middle, excess), [1.0, weights[1] / 2]
        else:
            high, weights = _End(middle, excess), [weights[0] / 2, 1.0]
    return low.at if goal.quantity == "kl" else high.at
