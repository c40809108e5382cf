"""An audit for people and for machines."""

from typing import TYPE_CHECKING

import klimit
from klimit.cli.format import estimate_cells
from klimit.core.digits import interval, measured

if TYPE_CHECKING:
    from klimit import Audit, AuditedPoint, PointsAudit, PromptAudits
    from klimit.cli.format import Cell

__all__ = [
    "audit_footer",
    "audit_lines",
    "audit_note",
    "audit_rows",
    "point_line",
    "point_row",
    "points_footer",
    "prompt_rows",
]


def audit_lines(found: "Audit", reward: str) -> list[tuple[str, ...]]:
    """A line a number.

    Args:
        found: The audit.
        reward: What the reward is called.

    Returns:
        Name, estimate, interval, and a mark where the data do not bear it.
    """
    from klimit.estimate.audit.in_words import named_numbers

    return [
        (name, measured(value), interval(value), "NOT SUPPORTED" if reason else "")
        for name, value, reason in named_numbers(found, reward=reward)
    ]


def audit_rows(found: "Audit") -> list[dict[str, "Cell"]]:
    """The same for machines.

    Args:
        found: The audit.

    Returns:
        A row a number.
    """
    from klimit.estimate.audit.in_words import named_numbers

    names = (
        "kl",
        "mean_reward",
        "gain",
        "frontier_reward",
        "reward_gap",
        "efficiency",
        "excess_kl",
        "divergence",
    )
    return [
        {
            "quantity": name,
            "value": value.value,
            "standard_error": value.standard_error,
            "low": value.low,
            "high": value.high,
            "supported": not reason,
            "reason": reason,
        }
        for name, (_, value, reason) in zip(names, named_numbers(found, reward=""), strict=True)
    ]


def audit_note(found: "Audit") -> str:
    """The audit in a sentence.

    Args:
        found: The audit.

    Returns:
        What was gained of what could be.
    """
    possible = "" if found.supported else "at least "
    return (
        f"It gains {measured(found.gain)} of a possible {possible}"
        f"{measured(found.possible_gain)}; the optimum of the same KL is the tilt of beta "
        f"{found.beta:.4g}."
    )


def audit_footer(found: "Audit") -> str:
    """Version, data and method.

    Args:
        found: The audit.

    Returns:
        One line.
    """
    return (
        f"klimit {klimit.__version__} · {found.draw_count} draws of the policy and "
        f"{found.reference_draw_count} of the reference at {found.prompt_count} prompts · "
        f"{found.prompts} prompts · {100 * found.level:g}% intervals: {found.gain.method}"
    )


def point_line(point: "AuditedPoint") -> tuple[str, ...]:
    """A checkpoint for people.

    Args:
        point: The checkpoint.

    Returns:
        Step, KL, reward and what they are worth.
    """
    return (
        f"{point.step:g}",
        f"{point.kl:.4g}",
        f"{point.mean_reward:.4g}",
        measured(point.efficiency),
        measured(point.excess_kl),
        "" if point.supported else "NOT SUPPORTED",
    )


def point_row(point: "AuditedPoint") -> dict[str, "Cell"]:
    """A checkpoint for machines.

    Args:
        point: The checkpoint.

    Returns:
        Its row.
    """
    row: dict[str, Cell] = {"step": point.step, "kl": point.kl, "reward": point.mean_reward}
    for name in ("frontier_reward", "reward_gap", "efficiency", "excess_kl", "divergence"):
        value = getattr(point, name)
        row |= estimate_cells(name, value)
    return row | {
        "beta": point.beta,
        "ess": point.ess,
        "supported": point.supported,
        "reason": point.reason,
        "excess_supported": point.excess_supported,
        "excess_reason": point.excess_reason,
    }


def points_footer(found: "PointsAudit") -> str:
    """Version, data and method.

    Args:
        found: The run.

    Returns:
        One line.
    """
    return (
        f"klimit {klimit.__version__} · {len(found.points)} points as given · "
        f"{found.draw_count} draws of the reference at {found.prompt_count} prompts · "
        f"{found.prompts} prompts · {100 * found.level:g}% intervals of the frontier"
    )


def prompt_rows(found: "PromptAudits") -> list[dict[str, "Cell"]]:
    """The numbers of every prompt for machines.

    Args:
        found: The prompts.

    Returns:
        A row a prompt.
    """
    names = (
        "kl",
        "kl_error",
        "mean_reward",
        "mean_reward_error",
        "optimal_kl",
        "optimal_reward",
        "divergence",
        "divergence_error",
    )
    columns = [getattr(found, name).tolist() for name in names]
    return [
        {"prompt": prompt, **dict(zip(names, row, strict=True))}
        for prompt, row in zip(found.prompts, zip(*columns, strict=True), strict=True)
    ]
