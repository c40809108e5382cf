"""Which responses the optimum favours at each budget."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from klimit.core.errors import InputError
from klimit.core.results import Result
from klimit.estimate.draws import Draws
from klimit.estimate.frontier.points import FrontierEstimate, FrontierPoint
from klimit.estimate.weights import tilt_weights
from klimit.exact.finite import FiniteModel
from klimit.exact.frontiers import frontier as exact_frontier

__all__ = ["FavouredPrompt", "FavouredResponse", "favoured_responses"]


@dataclass(frozen=True, slots=True, eq=False)
class FavouredResponse(Result):
    """One response under the optimum.

    Attributes:
        draw: Index of its first draw among the draws of the prompt.
        reward: Its reward.
        weight: Probability that the optimum gives it; draws of one text and one reward count
            together.
        lift: That probability as a multiple of its frequency among the draws.
    """

    draw: int
    reward: float
    weight: float
    lift: float


@dataclass(frozen=True, slots=True, eq=False)
class FavouredPrompt(Result):
    """What the optimum favours for one prompt within one budget.

    Attributes:
        prompt: Index of the prompt.
        kl: The budget, in nats.
        beta: The inverse temperature, the factor on the reward, that spends it at this prompt.
        ess: Effective number of draws that carry the weights.
        draw_count: Number of draws of the prompt.
        typical: The response at the median of the optimum's rewards.
        top: The responses of greatest weight, the greatest first.
        rest: Weight of all others together.
    """

    prompt: int
    kl: float
    beta: float
    ess: float
    draw_count: int
    typical: FavouredResponse
    top: tuple[FavouredResponse, ...]
    rest: float


def favoured_responses(
    draws: Draws, frontier: FrontierEstimate, *, top: int = 5
) -> tuple[tuple[FavouredPrompt, ...], ...]:
    r"""The responses that carry the optimum, by their self-normalised weights.

    .. math:: w_i = e^{\beta r_i} / \sum_{j \in x} e^{\beta r_j}

    Args:
        draws: Draws of the reference policy; some of the prompts are enough for a pooled
            frontier, whose beta is common to all.
        frontier: Where the budgets and their betas come from.
        top: Number of responses to name for each prompt, at least 1.

    Returns:
        For each point of the frontier, in its order, an entry for each prompt.

    Raises:
        InputError: ``top`` is not positive.

    Example:
        >>> from klimit import estimate_frontier
        >>> draws = Draws.from_matrix([[0.0, 1.0, 2.0], [0.0, 1.0, 5.0]])
        >>> favoured = favoured_responses(draws, estimate_frontier(draws, kl=[0.0, 0.5]))
        >>> [round(entry.top[0].weight, 3) for entry in favoured[0]]
        [0.333, 0.333]
        >>> favoured[1][1].top[0].draw
        2
    """
    if top < 1:
        raise InputError(f"top must be at least 1, got {top}")
    groups = [_groups(draws, i) for i in range(len(draws.prompts))]
    return tuple(
        tuple(
            _entry(i, spent, group, top)
            for i, (spent, group) in enumerate(
                zip(_spent(draws, frontier.pooling, point), groups, strict=True)
            )
        )
        for point in frontier.points
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Groups:
    """The draws of one prompt, equal ones together, by rising reward."""

    first: Int64[np.ndarray, " g"]
    reward: Float64[np.ndarray, " g"]
    group: Int64[np.ndarray, " m"]
    share: Float64[np.ndarray, " g"]


def _groups(draws: Draws, i: int) -> _Groups:
    start, stop = int(draws.offsets[i]), int(draws.offsets[i + 1])
    rewards = draws.rewards[start:stop]
    texts = [*map(str, range(stop - start))]
    if draws.texts is not None:
        texts = [*draws.texts[start:stop]]
    codes: dict[tuple[float, str], int] = {}
    pairs = zip(rewards.tolist(), texts, strict=True)
    code = np.array([codes.setdefault(pair, len(codes)) for pair in pairs], dtype=np.int64)
    first = np.unique(code, return_index=True)[1].astype(np.int64)
    order = np.argsort(rewards[first], kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    group = rank[code].astype(np.int64)
    return _Groups(
        first[order], rewards[first[order]], group, np.bincount(group) / rewards.size
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Spent:
    """A budget spent at one prompt: the beta and the weight of every draw."""

    kl: float
    beta: float
    weights: Float64[np.ndarray, " m"]


def _spent(draws: Draws, pooling: str, point: FrontierPoint) -> list[_Spent]:
    if pooling == "pooled":
        weights = tilt_weights(draws, beta=point.beta)
        blocks = np.split(weights, draws.offsets[1:-1])
        return [_Spent(point.kl, point.beta, block) for block in blocks]
    blocks = np.split(draws.rewards, draws.offsets[1:-1])
    return [_spent_alone(block, point.kl) for block in blocks]


def _spent_alone(rewards: Float64[np.ndarray, " m"], kl: float) -> _Spent:
    law = FiniteModel(np.full(rewards.size, -np.log(rewards.size)), rewards)
    beta = exact_frontier(law).at_kl(kl).beta
    return _Spent(kl, beta, tilt_weights(Draws.from_matrix([rewards.tolist()]), beta=beta))


def _entry(i: int, spent: _Spent, groups: _Groups, top: int) -> FavouredPrompt:
    mass = np.bincount(groups.group, weights=spent.weights)
    order = np.lexsort((groups.first, -groups.reward, -mass))
    median = int(np.searchsorted(np.cumsum(mass), 0.5 * mass.sum()))

    def response(g: int) -> FavouredResponse:
        return FavouredResponse(
            draw=int(groups.first[g]),
            reward=float(groups.reward[g]),
            weight=float(mass[g]),
            lift=float(mass[g] / groups.share[g]),
        )

    return FavouredPrompt(
        prompt=i,
        kl=spent.kl,
        beta=spent.beta,
        ess=float(1.0 / (spent.weights**2).sum()),
        draw_count=int(spent.weights.size),
        typical=response(median),
        top=tuple(response(int(g)) for g in order[:top]),
        rest=float(mass[order[top:]].sum()),
    )
