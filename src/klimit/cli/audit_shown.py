"""What ``klimit audit`` found, for people, machines, figures and pages."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import klimit
from klimit.cli.audit_lines import (
    audit_footer,
    audit_lines,
    audit_note,
    audit_rows,
    point_line,
    point_row,
    points_footer,
)
from klimit.cli.audit_requirements import AuditRequirements
from klimit.cli.output import Presentation
from klimit.core.errors import InsufficientDataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

    from klimit import Audit, Draws, FrontierEstimate, PointsAudit
    from klimit.report import Document

__all__ = ["AuditAsked", "present_audit", "present_run"]


@dataclass(frozen=True, slots=True)
class AuditAsked:
    """What is audited, against what, by which column, and what it must meet.

    Attributes:
        source: Table of the policy's draws, or of checkpoints.
        reference: Table of the reference's draws.
        reward: Column with the reward.
        require: Conditions to judge.
    """

    source: str
    reference: str
    reward: str
    require: AuditRequirements = ()


def present_audit(
    asked: AuditAsked, found: "Audit", draws: "Draws", *, own: "Draws | None" = None
) -> Presentation:
    """An audit, for people and machines.

    Args:
        asked: What was audited.
        found: What was found.
        draws: The reference's draws.
        own: The policy's draws, for a page that goes prompt by prompt.

    Returns:
        The presentation.
    """
    curve = _frontier(found, draws)
    return Presentation(
        source=asked.source,
        title=f"Audit by {asked.reward}: {asked.source} against {asked.reference}",
        header=("", "", f"{100 * found.level:g}% interval", ""),
        lines=audit_lines(found, asked.reward),
        objections=[str(finding) for finding in found.findings],
        notes=[audit_note(found)],
        footer=audit_footer(found),
        rows=audit_rows(found),
        values={
            "command": "audit",
            "reference": asked.reference,
            "reward_column": asked.reward,
            **found.to_dict(),
        },
        verdicts=[condition.met_by(found) for condition in asked.require],
        figure=lambda width: _figure(found, curve(), width),
        document=None if own is None else lambda: _page(asked, found, own, draws, curve()),
    )


def present_run(asked: AuditAsked, found: "PointsAudit", draws: "Draws") -> Presentation:
    """A training run, for people and machines.

    Args:
        asked: What was audited.
        found: What was found.
        draws: The reference's draws.

    Returns:
        The presentation.
    """
    from klimit.estimate.audit.in_words import knee_in_words

    curve = _frontier(found, draws)
    return Presentation(
        source=asked.source,
        title=f"Audit of a run by {asked.reward}: {asked.source} against {asked.reference}",
        header=("step", "KL", asked.reward, "efficiency", "excess KL", ""),
        lines=[point_line(point) for point in found.points],
        objections=[
            f"step {point.step:g}: the data do not support its KL, {point.reason}"
            for point in found.points
            if not point.supported
        ],
        notes=[knee_in_words(found)],
        footer=points_footer(found),
        rows=[point_row(point) for point in found.points],
        values={
            "command": "audit",
            "reference": asked.reference,
            "reward_column": asked.reward,
            **found.to_dict(),
        },
        verdicts=[condition.met_by(found.points[-1]) for condition in asked.require],
        figure=lambda width: _run_figure(found, curve(), width),
        document=lambda: _run_page(asked, found, curve()),
    )


def _page(
    asked: AuditAsked,
    found: "Audit",
    own: "Draws",
    theirs: "Draws",
    curve: "FrontierEstimate",
) -> "Document":
    from klimit.report.audit import audit_document

    try:
        each = klimit.audit_by_prompt(own, reference=theirs)
    except InsufficientDataError:  # the page says itself what the draws do not bear
        each = None
    return audit_document(
        found,
        reward_name=asked.reward,
        curve=curve,
        prompts=each,
        source=(f"policy: {asked.source}", f"reference: {asked.reference}"),
    )


def _run_page(asked: AuditAsked, found: "PointsAudit", curve: "FrontierEstimate") -> "Document":
    from klimit.report.audit import run_document

    return run_document(
        found,
        reward_name=asked.reward,
        curve=curve,
        source=(f"run: {asked.source}", f"reference: {asked.reference}"),
    )


def _frontier(found: "Audit | PointsAudit", draws: "Draws") -> "Callable[[], FrontierEstimate]":
    """The frontier up to the largest KL audited, computed when first asked for."""

    @cache
    def curve() -> "FrontierEstimate":
        from klimit.estimate.frontier.curve import frontier_curve

        asked = klimit.estimate_frontier(
            draws, kl=max(_top(found), 0.0), prompts=found.prompts, level=found.level
        )
        return frontier_curve(draws, asked)

    return curve


def _top(found: "Audit | PointsAudit") -> float:
    if isinstance(found, klimit.Audit):
        return max(found.kl.value, found.kl.high)
    return max(point.kl for point in found.points)


def _figure(found: "Audit", curve: "FrontierEstimate", width: float) -> "Figure":
    from klimit.plot import audit_figure

    return audit_figure(found, frontier=curve, width=width)


def _run_figure(found: "PointsAudit", curve: "FrontierEstimate", width: float) -> "Figure":
    from klimit.plot import run_figure

    return run_figure(found, frontier=curve, width=width)
