"""Which setting of each method reaches a target, and at what price."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from klimit.core.errors import InputError
from klimit.core.results import Estimate, Result
from klimit.core.scalars import real
from klimit.estimate.draws import Draws
from klimit.estimate.plan.best_of import BestOf
from klimit.estimate.plan.outcome import Method, Outcome, Parameter
from klimit.estimate.plan.prices import Prices
from klimit.estimate.plan.random_best_of import MOST_DRAWS, random_families
from klimit.estimate.plan.ranks import reward_curves
from klimit.estimate.plan.rejection import rejection
from klimit.estimate.plan.search import Found, Goal, search
from klimit.estimate.plan.soft_best_of import SoftBestOf
from klimit.estimate.plan.supply import Supply, supply
from klimit.estimate.plan.tilting import Tilting

__all__ = ["Plan", "PlanOption", "plan"]

_SEARCHED = 500  # prompts that the search of the slowest method looks at


@dataclass(frozen=True, slots=True, eq=False)
class PlanOption(Result):
    """One method at the setting that reaches the target.

    Attributes:
        method: Its name.
        setting: The numbers to set, under the names that the method's function gives them.
        reward: Predicted reward.
        kl: Predicted divergence from the reference policy, in nats.
        draws: Draws for one response.
        tokens: Tokens generated for one response; ``None`` where lengths are not known.
        price: Money for one response; ``None`` without a price or lengths.
        seconds: Time for one response; ``None`` without a speed or lengths.
        marginal: What one more draw for each response adds to the reward; ``None`` where no
            further draw is made.
        reached: Whether the target is reached; else the setting is the nearest one.
        supported: Whether the draws bear the prediction.
        reason: Why the target is not reached or the prediction not borne, in words.
    """

    method: str
    setting: tuple[Parameter, ...]
    reward: Estimate
    kl: Estimate
    draws: Estimate
    tokens: Estimate | None
    price: Estimate | None
    seconds: Estimate | None
    marginal: Estimate | None
    reached: bool
    supported: bool
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Plan(Result):
    """What each method needs to reach one target.

    Attributes:
        target: ``"kl"``, ``"reward"`` or ``"share"``.
        value: The target itself.
        reward_needed: The reward that it comes to; ``None`` for a KL.
        reference: Mean reward of the reference policy.
        best_seen: Mean over prompts of the best reward seen: what ``share`` is a share of the
            way to.
        options: One a method.
        prompts: ``"sampled"`` or ``"fixed"``: for whom the intervals hold.
        level: Nominal coverage of the intervals.
        prompt_count: Number of prompts.
        draw_count: Number of draws.
    """

    target: str
    value: float
    reward_needed: float | None
    reference: Estimate
    best_seen: float
    options: tuple[PlanOption, ...]
    prompts: str
    level: float
    prompt_count: int
    draw_count: int


def plan(  # noqa: PLR0913  (a target, three prices and for whom)
    draws: Draws,
    *,
    kl: float | None = None,
    reward: float | None = None,
    share: float | None = None,
    tokens: float | str | None = None,
    price_per_million_tokens: float | None = None,
    tokens_per_second: float | None = None,
    prompts: str = "sampled",
    level: float = 0.95,
) -> Plan:
    """The setting of every method that reaches a target, with its reward, KL and cost.

    Best-of-N, soft best-of-n, best-of-N with a random N of three kinds, rejection below a
    threshold, and a policy trained to the tilt of ``beta``, for which trainers ask as its
    inverse, the KL coefficient. Soft best-of-n has two numbers: ``n`` is the smallest that
    reaches the target at all.

    Args:
        draws: Draws of the reference policy.
        kl: A KL budget in nats, to be spent and not exceeded; give one of the three targets.
        reward: A mean reward to be attained.
        share: A share of the way from the mean reward to that of the best draws seen, in
            (0, 1).
        tokens: The column that holds the tokens of each draw, or their mean number; the column
            ``tokens`` where there is one.
        price_per_million_tokens: Money, in any currency.
        tokens_per_second: Speed at which draws are generated, all streams together.
        prompts: ``"sampled"`` for the population that the prompts come from, ``"fixed"`` for
            these prompts alone.
        level: Nominal coverage of the intervals, in (0, 1).

    Returns:
        An option a method. A target out of reach of the draws is said to be, with the nearest
        setting that is not.

    Raises:
        InputError: Not one target is given, an argument is outside its range, or a price or
            speed is given and the length of draws is not known.
        InsufficientDataError: One prompt, where prompts are sampled.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> draws = Draws.from_matrix(rng.normal(size=(100, 64)))
        >>> option = plan(draws, kl=1.0).options[0]
        >>> print(option.method, option.setting[0], option.reward)  # the truth is 1.267
        best-of-n n=6 1.264 ± 0.019
    """
    target, value = _target(kl, reward, share)
    ready = supply(draws, tokens=tokens, prompts=prompts, level=level)
    prices = Prices.of(price_per_million_tokens, tokens_per_second, tokens=ready.tokens)
    reference = ready.mean(ready.pools.best_of(1, errors=prompts == "fixed"))
    best = float(ready.pools.rewards[ready.pools.offsets[1:] - 1].mean())
    needed = value if target == "reward" else None
    if target == "share":
        needed = reference.value + value * (best - reference.value)
    goal = Goal("kl", value, 1.0) if needed is None else Goal("reward", needed, ready.span)
    return Plan(
        target=target,
        value=value,
        reward_needed=needed,
        reference=reference,
        best_seen=best,
        options=tuple(_option(*found, goal, prices) for found in _settle(ready, goal)),
        prompts=prompts,
        level=level,
        prompt_count=len(draws.prompts),
        draw_count=len(draws),
    )


def _target(kl: float | None, reward: float | None, share: float | None) -> tuple[str, float]:
    given = {"kl": kl, "reward": reward, "share": share}
    asked = {name: real(name, value) for name, value in given.items() if value is not None}
    if len(asked) != 1:
        raise InputError(f"give one of kl, reward and share, got {', '.join(asked) or 'none'}")
    ((name, value),) = asked.items()
    if name == "kl" and not 0 <= value < np.inf:
        raise InputError(f"kl must be at least 0 and finite, got {value}")
    if name == "share" and not 0 < value < 1:
        raise InputError(f"share must lie between 0 and 1, got {value}")
    if not np.isfinite(value):
        raise InputError(f"{name} must be finite, got {value}")
    return name, value


def _settle(ready: Supply, goal: Goal) -> Iterable[tuple[Method, Found]]:
    curves = reward_curves(ready.pools, most=min(ready.typical, MOST_DRAWS))
    best_of = BestOf(ready)
    found = search(best_of, goal)
    yield best_of, found
    yield _soft(ready, goal, round(found.strength))
    others: list[Method] = [*random_families(ready, curves), rejection(ready), Tilting(ready)]
    for method in others:
        yield method, search(method, goal)


def _soft(ready: Supply, goal: Goal, n: int) -> tuple[Method, Found]:
    """Soft best-of-n at the smallest ``n`` for which a ``beta`` reaches the goal.

    The search looks at some of many prompts, and is put right by what all of them give.
    """
    stride = -(-len(ready.draws.prompts) // _SEARCHED)
    while True:
        some, every = SoftBestOf(ready, n, stride), SoftBestOf(ready, n)
        found = search(some, goal)
        if stride > 1 and found.reached:
            beyond = goal.excess(every.means(found.strength)) * goal.unit
            found = search(some, replace(goal, value=goal.value - beyond))
        if found.reached or n >= ready.typical:
            return every, found
        n += 1


def _option(method: Method, found: Found, goal: Goal, prices: Prices) -> PlanOption:
    outcome = method.outcome(found.strength)
    reasons = [] if found.reached else [_out_of_reach(outcome, goal)]
    reasons += [outcome.objection] if outcome.objection else []
    return PlanOption(
        method=method.name,
        setting=outcome.setting,
        reward=outcome.reward,
        kl=outcome.kl,
        draws=outcome.draws,
        tokens=outcome.tokens,
        price=prices.money(outcome.tokens),
        seconds=prices.time(outcome.tokens),
        marginal=outcome.marginal,
        reached=found.reached,
        supported=not outcome.objection,
        reason="; ".join(reasons),
    )


def _out_of_reach(outcome: Outcome, goal: Goal) -> str:
    got = outcome.kl if goal.quantity == "kl" else outcome.reward
    setting = " ".join(map(str, outcome.setting))
    return (
        f"{goal.quantity} {goal.value:.4g} is out of reach of these draws, the nearest is "
        f"{got} at {setting}"
    )
