"""Auditing checkpoints of which only the KL and the mean reward are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike

from klimit.core.errors import InputError
from klimit.core.results import Estimate, Result
from klimit.estimate.audit.knee import LEAST, Knee, knee
from klimit.estimate.audit.noisy import Noisy
from klimit.estimate.audit.numbers import numbers
from klimit.estimate.audit.sources import Sources
from klimit.estimate.draws import LARGEST, Draws
from klimit.estimate.uncertainty import check_level, check_prompts

__all__ = ["AuditedPoint", "PointsAudit", "audit_points"]


@dataclass(frozen=True, slots=True, eq=False)
class AuditedPoint(Result):
    """One checkpoint against the frontier.

    Attributes:
        step: Its step in training, or its place in the list from 0.
        kl: Its KL from the reference, in nats, as given.
        mean_reward: Its mean reward, as given.
        frontier_reward: The largest mean reward of any policy within that KL.
        reward_gap: How much of it the checkpoint lacks.
        excess_kl: What it spends beyond the cheapest way to its reward, in nats.
        divergence: Its divergence from the optimal policy of the same KL, in nats.
        efficiency: Its gain as a share of the largest gain within its KL.
        beta: Inverse temperature, the factor on the reward, of the optimum of the same KL.
        ess: Effective number of draws a prompt that carry the frontier there.
        supported: Whether the reference's draws bear the frontier at that KL.
        reason: Why they do not, in words; empty where they do.
        excess_supported: Whether they bear ``excess_kl``.
        excess_reason: Why they do not, in words; empty where they do.
    """

    step: float
    kl: float
    mean_reward: float
    frontier_reward: Estimate
    reward_gap: Estimate
    excess_kl: Estimate
    divergence: Estimate
    efficiency: Estimate
    beta: float
    ess: float
    supported: bool
    reason: str
    excess_supported: bool
    excess_reason: str


@dataclass(frozen=True, slots=True, eq=False)
class PointsAudit(Result):
    """Checkpoints of a training run against one frontier.

    Attributes:
        points: One a checkpoint, in the order given.
        knee: Where the run begins to waste more of what it spends, or ``None``.
        knee_step: Step of the last checkpoint that is not beyond it, or ``None``.
        knee_reason: Why no knee is told, in words; empty where one is.
        reference_reward: Mean reward of the reference.
        prompts: ``"sampled"`` or ``"fixed"``: for whom the intervals hold.
        level: Nominal coverage of the intervals.
        prompt_count: Number of the reference's prompts.
        draw_count: Number of its draws.
    """

    points: tuple[AuditedPoint, ...]
    knee: Knee | None
    knee_step: float | None
    knee_reason: str
    reference_reward: Estimate
    prompts: str
    level: float
    prompt_count: int
    draw_count: int


def audit_points(  # noqa: PLR0913  (three columns of a table, and for whom)
    *,
    kl: ArrayLike,
    reward: ArrayLike,
    reference: Draws,
    step: ArrayLike | None = None,
    prompts: str = "sampled",
    level: float = 0.95,
) -> PointsAudit:
    """Hold checkpoints against the frontier, given the KL and mean reward of each.

    These are taken as they are: the intervals hold the error of the frontier alone. Give
    sequence KLs in nats a response (`klimit kl` converts what trainers log), and rewards on the
    scale of the reference's.

    Args:
        kl: KL of each checkpoint from the reference, in nats, shape ``(k,)``.
        reward: Mean reward of each, shape ``(k,)``.
        reference: Draws of the reference.
        step: Step of each in training, shape ``(k,)``; by default they are counted.
        prompts: ``"sampled"`` where KL and reward are of the population that the prompts come
            from, ``"fixed"`` where they are of the reference's own prompts.
        level: Nominal coverage of the intervals, in (0, 1).

    Returns:
        The checkpoints against the frontier, and where the run leaves it.

    Raises:
        InputError: Lengths differ, there is no point, or a number is not finite.
        InsufficientDataError: One prompt where prompts are sampled, or a prompt with one draw
            where they are fixed.

    Example:
        >>> draws = Draws.from_matrix(np.random.default_rng(0).normal(size=(100, 64)))
        >>> found = audit_points(kl=[0.5], reward=[0.8], reference=draws)
        >>> print(found.points[0].efficiency)  # the truth is 0.8
        0.808 ± 0.016
    """
    check_prompts(prompts)
    check_level(level)
    spent, gained = _column("kl", kl), _column("reward", reward)
    steps = np.arange(float(spent.size)) if step is None else _column("step", step)
    if not spent.size == gained.size == steps.size or not spent.size:
        raise InputError(
            f"kl, reward and step must be of one length, at least 1, got {spent.size}, "
            f"{gained.size} and {steps.size}"
        )
    sources = Sources.of_reference_alone(reference, prompts=prompts, level=level)
    sources.check()
    points = tuple(
        _point(sources, *map(float, point)) for point in zip(steps, spent, gained, strict=True)
    )
    found, reason = _knee(points, level)
    return PointsAudit(
        points=points,
        knee=found[0] if found else None,
        knee_step=found[1] if found else None,
        knee_reason=reason,
        reference_reward=sources.estimate(sources.of_reference(reference.rewards)),
        prompts=prompts,
        level=level,
        prompt_count=len(reference.prompts),
        draw_count=len(reference),
    )


def _column(name: str, values: ArrayLike) -> Float64[np.ndarray, " k"]:
    try:
        column = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be numbers: {error}") from error
    bad = np.flatnonzero(~(np.abs(column) <= LARGEST))
    if column.ndim != 1 or bad.size:
        got = f"{column[bad[0]]} at point {bad[0]}" if bad.size else f"shape {column.shape}"
        raise InputError(
            f"{name} must be a list of finite numbers of at most {LARGEST:g} in size, got {got}"
        )
    return column


def _point(sources: Sources, step: float, kl: float, reward: float) -> AuditedPoint:
    found = numbers(sources, kl=Noisy(kl, {}), reward=Noisy(reward, {}))
    return AuditedPoint(
        step=step,
        kl=kl,
        mean_reward=reward,
        frontier_reward=found.frontier_reward,
        reward_gap=found.reward_gap,
        excess_kl=found.excess_kl,
        divergence=found.divergence,
        efficiency=found.efficiency,
        beta=found.at_kl.tilt.beta,
        ess=found.at_kl.tilt.ess,
        supported=not found.at_kl.reason,
        reason=found.at_kl.reason,
        excess_supported=not found.at_reward.reason,
        excess_reason=found.at_reward.reason,
    )


def _knee(
    points: Sequence[AuditedPoint], level: float
) -> tuple[tuple[Knee, float] | None, str]:
    """The knee with its step, or why there is none."""
    borne = sorted(
        (point for point in points if point.excess_supported and isfinite(point.kl)),
        key=lambda point: point.kl,
    )
    kl, excess, reward = (
        np.array(column)
        for column in (
            [point.kl for point in borne],
            [point.excess_kl.value for point in borne],
            [point.mean_reward for point in borne],
        )
    )
    if np.unique(kl).size < LEAST:
        borne_alone = "points whose reward the draws bear"
        return None, f"a knee needs {LEAST} {borne_alone}, got {len(borne)}"
    found = knee(kl, excess, reward, level=level)
    if found is None:
        return None, "the run wastes the same share of each nat throughout"
    return (found, borne[max(found.index, 0)].step), ""
