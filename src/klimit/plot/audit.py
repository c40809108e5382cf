"""A policy, or a whole training run, on the frontier that it is held against."""

from collections.abc import Sequence
from math import isfinite

import numpy as np
from jaxtyping import Float64
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from klimit.core.results import Estimate
from klimit.estimate.audit.knee import Knee
from klimit.estimate.audit.points import AuditedPoint, PointsAudit
from klimit.estimate.audit.policies import Audit
from klimit.estimate.frontier.points import FrontierEstimate
from klimit.plot.frontier import frontier_figure
from klimit.plot.style import BEST_OF, INK, MUTED, PAPER, WIDE, has_offset

__all__ = ["audit_figure", "run_figure"]


def audit_figure(audit: Audit, *, frontier: FrontierEstimate, width: float = 7.0) -> Figure:
    """Draw a policy below the frontier: what it lacks and what it spends too much.

    Args:
        audit: The audit.
        frontier: The frontier of the same reference; many budgets make a smooth line.
        width: Width of the figure in inches; below 5 it is laid out for a narrow column.

    Returns:
        The figure, with one axes.

    Example:
        >>> from klimit import Draws, audit, estimate_frontier
        >>> rng = np.random.default_rng(0)
        >>> x, prompt = rng.normal(0.7, 1.0, size=640), np.arange(640) % 20
        >>> policy = Draws.from_columns(
        ...     prompt=prompt,
        ...     reward=0.9 * x,
        ...     log_prob_policy=-((x - 0.7) ** 2) / 2,
        ...     log_prob_reference=-(x**2) / 2,
        ... )
        >>> reference = Draws.from_columns(prompt=prompt, reward=rng.normal(size=640))
        >>> curve = estimate_frontier(reference, kl=np.linspace(0.0, 1.0, 9))
        >>> figure = audit_figure(audit(policy, reference=reference), frontier=curve)
        >>> figure.axes[0].get_ylabel()
        'mean reward'
    """
    figure = frontier_figure(frontier, width=width)
    axes = figure.axes[0]
    kl, reward = audit.kl.value, audit.mean_reward.value
    _distances(axes, audit)
    drawn = axes.errorbar(
        kl,
        reward,
        xerr=_arms(audit.kl),
        yerr=_arms(audit.mean_reward),
        fmt="D",
        markersize=6.5,
        markerfacecolor=BEST_OF,
        markeredgecolor=PAPER,
        markeredgewidth=1.2,
        ecolor=BEST_OF,
        elinewidth=1.1,
        zorder=5,
        label="policy",
    )
    drawn.lines[0].set_gid("policy")
    _widen(axes, [audit.kl.high], [audit.mean_reward.low, audit.mean_reward.high])
    _legend(axes, drawn, width=width)
    return figure


def run_figure(run: PointsAudit, *, frontier: FrontierEstimate, width: float = 7.0) -> Figure:
    """Draw a training run as a path below the frontier, with its knee.

    Args:
        run: The audited checkpoints.
        frontier: The frontier of the same reference; many budgets make a smooth line.
        width: Width of the figure in inches; below 5 it is laid out for a narrow column.

    Returns:
        The figure, with one axes.
    """
    figure = frontier_figure(frontier, width=width)
    axes = figure.axes[0]
    points = sorted(run.points, key=lambda point: point.step)
    (path,) = axes.plot(
        [point.kl for point in points],
        [point.mean_reward for point in points],
        "o-",
        color=BEST_OF,
        markersize=4.5,
        markerfacecolor=PAPER,
        markeredgewidth=1.2,
        linewidth=1.2,
        zorder=4,
        label="run",
    )
    path.set_gid("run")
    _steps(axes, points)
    if run.knee is not None:
        _mark(axes, run.knee, f"knee: KL {run.knee.kl:.2g}, after step {run.knee_step:g}")
    _widen(axes, [point.kl for point in points], [point.mean_reward for point in points])
    _legend(axes, path, width=width)
    return figure


def _distances(axes: Axes, audit: Audit) -> None:
    """Up to the frontier: the reward gap; left to it: the excess KL."""
    kl, reward = audit.kl.value, audit.mean_reward.value
    best, cheapest = audit.frontier_reward.value, kl - audit.excess_kl.value
    lines = {}
    if audit.supported and isfinite(best):
        lines["reward-gap"] = ([kl, kl], [reward, best])
    if audit.excess_supported and isfinite(cheapest):
        lines["excess-kl"] = ([cheapest, kl], [reward, reward])
    for gid, (across, up) in lines.items():
        (line,) = axes.plot(across, up, color=INK, linewidth=0.9, zorder=3.5)
        line.set(linestyle=(0, (1, 1.5)), gid=gid)


def _steps(axes: Axes, points: Sequence[AuditedPoint]) -> None:
    """The first and the last step by name."""
    for point in {points[0].step: points[0], points[-1].step: points[-1]}.values():
        axes.annotate(
            f"step {point.step:g}",
            (point.kl, point.mean_reward),
            xytext=(7, -11),
            textcoords="offset points",
            color=INK,
            fontsize=8,
            zorder=4.5,
        )


def _mark(axes: Axes, knee: Knee, told: str) -> None:
    (mark,) = axes.plot(knee.kl, knee.reward, "o", color="none", markersize=13, zorder=5)
    mark.set(markeredgecolor=INK, markeredgewidth=1.4, gid="knee")
    axes.annotate(
        told,
        (knee.kl, knee.reward),
        xytext=(12, -22),
        textcoords="offset points",
        color=INK,
        fontsize=8.5,
        arrowprops={"arrowstyle": "-", "color": MUTED, "linewidth": 0.8},
        zorder=5,
    )


def _widen(axes: Axes, kl: Sequence[float], reward: Sequence[float]) -> None:
    """Room for what is drawn on the frontier."""
    right = max([end for end in kl if isfinite(end)], default=0.0)
    axes.set_xlim(right=max(axes.get_xlim()[1], 1.04 * right))
    low, high = axes.get_ylim()
    room = 0.08 * (high - low)
    ends = [end for end in reward if isfinite(end)]
    axes.set_ylim(
        min([low, *(end - room for end in ends)]), max([high, *(end + room for end in ends)])
    )


def _legend(axes: Axes, artist: Line2D | ErrorbarContainer, *, width: float) -> None:
    """One more entry in the legend that stands, before the others."""
    before = axes.get_legend()
    shown = [] if before is None else [text.get_text() for text in before.get_texts()]
    handles, labels = axes.get_legend_handles_labels()
    known = dict(zip(labels, handles, strict=True))
    names = [str(artist.get_label()), *shown]
    side = 1.0 if has_offset(axes) else 0.0
    axes.legend(
        handles=[known[name] for name in names],
        loc="lower right" if side else "lower left",
        bbox_to_anchor=(side, 1.0),
        ncols=len(names) if width >= WIDE else 2,
        frameon=False,
        fontsize=8.5,
        labelcolor=INK,
        borderaxespad=0.2,
        columnspacing=1.6,
    )


def _arms(estimate: Estimate) -> Float64[np.ndarray, "2 1"]:
    arms = np.array([[estimate.value - estimate.low], [estimate.high - estimate.value]])
    return np.maximum(np.where(np.isfinite(arms), arms, 0.0), 0.0)
