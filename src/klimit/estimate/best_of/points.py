"""Best-of-N from draws: unbiased reward and KL, ties included."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int64

from klimit.core.errors import InputError, InsufficientDataError
from klimit.core.results import Estimate, Result
from klimit.estimate.best_of.atoms import Atoms, atoms_of
from klimit.estimate.best_of.pools import Pools, sorted_pools
from klimit.estimate.best_of.rewards import reward_interval
from klimit.estimate.best_of.tie_costs import tie_costs
from klimit.estimate.draws import Draws
from klimit.estimate.uncertainty import check_level, check_prompts
from klimit.estimate.within_prompts import WithinPrompts

__all__ = ["BestOfEstimate", "BestOfPoint", "best_of_n_within", "estimate_best_of_n"]

_ROUNDING = 1e-12  # nats: a divergence below it is that of draws that are all alike


@dataclass(frozen=True, slots=True, eq=False)
class BestOfPoint(Result):
    """Best-of-N at one N.

    Attributes:
        n: Number of draws of which the best is kept.
        reward: Its expected reward.
        kl: Its divergence from the reference policy, in nats, ties broken at random.
        kl_bound: ``log n - (n - 1) / n``, what the divergence would be without ties.
        prompt_count: Prompts with at least ``n`` draws; the others are left out at this ``n``.
        supported: Whether the draws bear the reward's interval.
        reason: What was left out or is not known, in words; empty where nothing.
    """

    n: int
    reward: Estimate
    kl: Estimate
    kl_bound: float
    prompt_count: int
    supported: bool
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class BestOfEstimate(Result):
    """Best-of-N at several N.

    Attributes:
        points: One an N, in the order asked.
        prompts: ``"sampled"`` or ``"fixed"``: for whom the intervals hold.
        level: Nominal coverage of the intervals.
        prompt_count: Number of prompts.
        draw_count: Number of draws.
    """

    points: tuple[BestOfPoint, ...]
    prompts: str
    level: float
    prompt_count: int
    draw_count: int


def estimate_best_of_n(
    draws: Draws,
    *,
    n: int | Sequence[int] | Int64[np.ndarray, " k"],
    prompts: str = "sampled",
    level: float = 0.95,
) -> BestOfEstimate:
    """Reward and divergence of best-of-N, ties included.

    The reward is a U-statistic, free of bias. The divergence falls below ``kl_bound`` by what
    the ties cost: a value seen once in the whole table is part of a continuum, a value seen
    again is an atom. What the draws do not tell of an atom's share biases that cost; the
    jackknife removes it up to second order.

    Args:
        draws: Draws of the reference policy.
        n: Numbers of draws of which the best is kept, each at least 1.
        prompts: ``"sampled"`` for the population that the prompts come from, ``"fixed"`` for
            these prompts alone.
        level: Nominal coverage of the intervals, in (0, 1).

    Returns:
        A point an ``n``, in the order asked.

    Raises:
        InputError: An argument is outside its range.
        InsufficientDataError: No prompt has ``n`` draws, or one prompt where they are sampled.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> draws = Draws.from_matrix(rng.normal(size=(100, 64)))
        >>> print(estimate_best_of_n(draws, n=4).points[0].reward)  # the truth is 1.029
        1.026 ± 0.017
    """
    check_prompts(prompts)
    check_level(level)
    sizes = np.atleast_1d(np.asarray(n))
    pools = sorted_pools(draws)
    atoms = atoms_of(pools)
    if sizes.dtype.kind not in "iu" or (sizes < 1).any():
        raise InputError(f"n must be a whole number, at least 1, got {n}")
    return BestOfEstimate(
        points=tuple(_point(pools, atoms, int(size), prompts, level) for size in sizes),
        prompts=prompts,
        level=level,
        prompt_count=len(draws.prompts),
        draw_count=len(draws),
    )


def best_of_n_within(
    draws: Draws, *, kl: float, prompts: str = "sampled", level: float = 0.95
) -> BestOfPoint:
    """Best-of-N at the largest N whose estimated divergence is within a budget.

    Args:
        draws: Draws of the reference policy.
        kl: Budget in nats, at least 0.
        prompts: ``"sampled"`` or ``"fixed"``.
        level: Nominal coverage of the intervals, in (0, 1).

    Returns:
        The point of that N, which is 1 where the budget bears no more; no N is tried that half
        of the prompts have too few draws for.

    Raises:
        InputError: An argument is outside its range.
        InsufficientDataError: One prompt, where prompts are sampled.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> draws = Draws.from_matrix(rng.normal(size=(100, 64)))
        >>> best_of_n_within(draws, kl=1.0).n
        6
    """
    if not kl >= 0:
        raise InputError(f"kl must be at least 0, got {kl}")
    check_prompts(prompts)
    check_level(level)
    pools = sorted_pools(draws)
    atoms = atoms_of(pools)
    low, high = 1, int(np.median(draws.counts)) + 1
    while high - low > 1:
        middle = (low + high) // 2
        point = _point(pools, atoms, middle, prompts, level)
        low, high = (middle, high) if point.kl.value <= kl else (low, middle)
    return _point(pools, atoms, low, prompts, level)


def _point(pools: Pools, atoms: Atoms, n: int, prompts: str, level: float) -> BestOfPoint:
    enough = pools.counts >= n
    if not enough.any():
        raise InsufficientDataError(
            f"best-of-{n} needs a prompt with {n} draws, the most is {pools.counts.max()}; "
            "draw more or ask for a smaller n"
        )
    found = reward_interval(pools, n, prompts=prompts, level=level)
    costs = tie_costs(atoms, n=n, errors=prompts == "fixed")
    return BestOfPoint(
        n=n,
        reward=found.reward,
        kl=_kl(costs.only(enough), n=n, prompts=prompts, level=level),
        kl_bound=_bound(n),
        prompt_count=int(enough.sum()),
        supported=not found.doubt and bool(np.isfinite(found.reward.standard_error)),
        reason="; ".join(filter(None, [_shortage(pools, n, prompts), found.doubt])),
    )


def _bound(n: int) -> float:
    return float(np.log(n) - (n - 1) / n)


def _kl(costs: WithinPrompts, *, n: int, prompts: str, level: float) -> Estimate:
    """The bound less the cost of ties."""
    cost = costs.mean(prompts=prompts, level=level)
    bound = _bound(n)
    ends = np.clip([bound - cost.value, bound - cost.high, bound - cost.low], 0.0, bound)
    value, low, high = np.where(ends < _ROUNDING, 0.0, ends).tolist()
    return replace(cost, value=value, low=low, high=high)


def _shortage(pools: Pools, n: int, prompts: str) -> str:
    fewer, equal = int((pools.counts < n).sum()), int((pools.counts == n).sum())
    if prompts == "fixed" and equal:
        unknown = f"{equal} prompts have no draw beyond {n} to tell the error from"
        return f"{fewer} prompts have fewer than {n} draws; {unknown}" if fewer else unknown
    return f"{fewer} prompts have fewer than {n} draws" if fewer else ""
