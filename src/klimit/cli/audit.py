"""``klimit audit``."""

from dataclasses import dataclass, replace
from pathlib import Path
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
    points_note,
    prompt_rows,
)
from klimit.cli.audit_options import AuditTables
from klimit.cli.audit_requirements import AuditRequirements
from klimit.cli.console import say
from klimit.cli.options import DrawsPath, OutputOptions, StatisticsOptions
from klimit.cli.output import Presentation, prepare, publish
from klimit.core.errors import InputError, InsufficientDataError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from klimit import Audit, Draws, FrontierEstimate, PointsAudit
    from klimit.report import Document

__all__ = ["AuditAsked", "audit", "present_audit"]


def audit(
    draws: DrawsPath | None = None,
    /,
    *,
    reference: str,
    points: Path | None = None,
    budget: float | None = None,
    trained_on: Path | None = None,
    by_prompt: Path | None = None,
    require: AuditRequirements = (),
    table: AuditTables = AuditTables(),  # noqa: B008  (frozen)
    statistics: StatisticsOptions = StatisticsOptions(),  # noqa: B008
    output: OutputOptions = OutputOptions(),  # noqa: B008
) -> int:
    """Audit a checkpoint: how far it is from the best that its KL can buy.

    Whatever trained it: its KL and reward, the most reward that any policy has at that KL, what
    it lacks of that, what it spends beyond the cheapest way to its reward, its divergence from
    the optimal policy and its efficiency, with errors; and what to do about what is found.

    Args:
        draws: Table with one row a draw of the policy, with log_prob_policy and
            log_prob_reference (nats, summed over the response) or kl_exact; - for standard
            input.
        reference: Table with the reference's draws at the same prompts, by the same reward.
        points: In place of draws, a table of checkpoints with columns kl (nats a response),
            reward and perhaps step: a whole training run against one frontier.
        budget: The KL that the policy was meant to stay within, in nats.
        trained_on: File with the prompts the policy was trained on, one a line, to find them
            among those audited.
        by_prompt: Also write how far the policy is from the optimum at each prompt: .parquet,
            .csv or .md.
        require: Exit with 1 unless proved: "efficiency>=0.8" compares the lower end of the
            interval, "kl<=2" the upper; also reward, gain, reward_gap, excess_kl and
            divergence. Of points the last is meant. May be repeated.
        table: How to read the tables.
        statistics: For whom the intervals hold.
        output: Where results go.

    Returns:
        The exit code.
    """
    if (draws is None) == (points is None):
        raise InputError("an audit needs the policy's draws or --points, one of the two")
    source = str(points) if draws is None else draws
    asked = AuditAsked(source, reference, table.reward, require)
    for path in (source, reference):
        prepare(output, source=path)
    if points is not None:
        if not (budget is None and trained_on is None and by_prompt is None):
            raise InputError("--budget, --trained-on and --by-prompt need the policy's draws")
        return publish(_of_points(asked, table, statistics), output)
    if by_prompt is not None:
        from klimit.data.write import check_table_path

        check_table_path(by_prompt)
    own, theirs = table.read_policy(source), table.read_reference(reference)
    found = klimit.audit(
        own,
        reference=theirs,
        prompts=statistics.prompts,
        level=statistics.level,
        budget=budget,
        training_prompts=_listed(trained_on),
    )
    if by_prompt is not None:
        from klimit.data.write import write_table

        rows = prompt_rows(klimit.audit_by_prompt(own, reference=theirs))
        say("note", f"wrote {write_table(rows, by_prompt)}")
    shown = present_audit(asked, found, theirs)
    shown = replace(shown, document=lambda: _page(asked, found, own, theirs))
    return publish(shown, output)


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


def present_audit(asked: AuditAsked, found: "Audit", draws: "Draws") -> Presentation:
    """An audit, for people and machines.

    Args:
        asked: What was audited.
        found: What was found.
        draws: The reference's draws.

    Returns:
        The presentation.
    """
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
        figure=lambda: _figure(found, draws),
    )


def _of_points(
    asked: AuditAsked, table: AuditTables, statistics: StatisticsOptions
) -> Presentation:
    from klimit.data.points import read_points

    run, draws = read_points(asked.source), table.read_reference(asked.reference)
    found = klimit.audit_points(
        kl=run.kl,
        reward=run.reward,
        step=run.step,
        reference=draws,
        prompts=statistics.prompts,
        level=statistics.level,
    )
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
        notes=[points_note(found)],
        footer=points_footer(found),
        rows=[point_row(point) for point in found.points],
        values={
            "command": "audit",
            "reference": asked.reference,
            "reward_column": asked.reward,
            **found.to_dict(),
        },
        verdicts=[condition.met_by(found.points[-1]) for condition in asked.require],
        figure=lambda: _run_figure(found, draws),
        document=lambda: _run_page(asked, found, draws),
    )


def _page(asked: AuditAsked, found: "Audit", own: "Draws", theirs: "Draws") -> "Document":
    from klimit.report.audit import audit_document

    try:
        each = klimit.audit_by_prompt(own, reference=theirs)
    except InsufficientDataError:  # the page says itself what the draws do not bear
        each = None
    return audit_document(
        found,
        reward_name=asked.reward,
        curve=_frontier(found, theirs, max(found.kl.value, found.kl.high)),
        prompts=each,
        source=(f"policy: {asked.source}", f"reference: {asked.reference}"),
    )


def _run_page(asked: AuditAsked, found: "PointsAudit", draws: "Draws") -> "Document":
    from klimit.report.audit import run_document

    return run_document(
        found,
        reward_name=asked.reward,
        curve=_frontier(found, draws, max(point.kl for point in found.points)),
        source=(f"run: {asked.source}", f"reference: {asked.reference}"),
    )


def _listed(path: Path | None) -> list[str] | None:
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: needed UTF-8 text, one prompt a line") from error


def _figure(found: "Audit", draws: "Draws") -> "Figure":
    from klimit.plot import audit_figure

    top = max(found.kl.value, found.kl.high)
    return audit_figure(found, frontier=_frontier(found, draws, top))


def _run_figure(found: "PointsAudit", draws: "Draws") -> "Figure":
    from klimit.plot import run_figure

    top = max(point.kl for point in found.points)
    return run_figure(found, frontier=_frontier(found, draws, top))


def _frontier(found: "Audit | PointsAudit", draws: "Draws", top: float) -> "FrontierEstimate":
    from klimit.estimate.curve import frontier_curve

    asked = klimit.estimate_frontier(
        draws, kl=max(top, 0.0), prompts=found.prompts, level=found.level
    )
    return frontier_curve(draws, asked)
