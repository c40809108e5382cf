"""``klimit audit``."""

from pathlib import Path

import klimit
from klimit.cli.audit_lines import prompt_rows
from klimit.cli.audit_options import AuditTables
from klimit.cli.audit_requirements import AuditRequirements
from klimit.cli.audit_shown import AuditAsked, present_audit, present_run
from klimit.cli.console import say
from klimit.cli.context import about
from klimit.cli.options import DrawsPath, Nonnegative, OutputOptions, StatisticsOptions
from klimit.cli.output import Presentation, prepare, publish
from klimit.core.errors import InputError

__all__ = ["audit"]


def audit(
    draws: DrawsPath | None = None,
    /,
    *,
    reference: DrawsPath,
    points: Path | None = None,
    budget: Nonnegative | None = None,
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
        reference: Table with the reference's draws at the same prompts, by the same reward; -
            for standard input.
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
    trained = _listed(trained_on)
    own, theirs = table.read_policy(source), table.read_reference(reference)
    with about(source, reference):
        found = klimit.audit(
            own,
            reference=theirs,
            prompts=statistics.prompts,
            level=statistics.level,
            budget=budget,
            training_prompts=trained,
        )
    if by_prompt is not None:
        from klimit.data.write import write_table

        rows = prompt_rows(klimit.audit_by_prompt(own, reference=theirs))
        say("note", f"wrote {write_table(rows, by_prompt)}")
    return publish(present_audit(asked, found, theirs, own=own), output)


def _of_points(
    asked: AuditAsked, table: AuditTables, statistics: StatisticsOptions
) -> Presentation:
    from klimit.data.points import read_points

    run, draws = read_points(asked.source), table.read_reference(asked.reference)
    with about(asked.source, asked.reference):
        found = klimit.audit_points(
            kl=run.kl,
            reward=run.reward,
            step=run.step,
            reference=draws,
            prompts=statistics.prompts,
            level=statistics.level,
        )
    return present_run(asked, found, draws)


def _listed(path: Path | None) -> list[str] | None:
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: needed UTF-8 text, one prompt a line") from error
