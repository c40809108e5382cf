"""``klimit kl``."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

import klimit
from klimit.cli.console import hushed
from klimit.cli.context import about
from klimit.cli.options import DrawsPath, OutputOptions, StatisticsOptions
from klimit.cli.output import Presentation, prepare, publish
from klimit.core.digits import interval, measured
from klimit.core.errors import InputError
from klimit.data.logs.says import LogOverrides, ScoredColumns

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from klimit import Draws, Estimate
    from klimit.data.logs.trainer_kl import LoggedStep, TrainerKl

__all__ = ["kl"]

_MOST_LINES = 24
_NO_NOISE = (
    "The noise of a batch is not in a log: these are no confidence intervals, only what the "
    "conversion leaves open"
)


def kl(
    log: DrawsPath,
    /,
    *,
    columns: Annotated[ScoredColumns, Parameter(name="*")] = ScoredColumns(),  # noqa: B008  (frozen)
    says: Annotated[LogOverrides, Parameter(name="*")] = LogOverrides(),  # noqa: B008
    control_variate: Annotated[bool, Parameter(negative="")] = False,
    statistics: StatisticsOptions = StatisticsOptions(),  # noqa: B008
    output: OutputOptions = OutputOptions(),  # noqa: B008
) -> int:
    """Say how far a policy is from its reference, in nats a response.

    From a table of the policy's own draws with the log-probabilities of both models, summed
    over the response: an estimate with its interval, and what the numbers reveal about
    themselves. From what TRL, OpenRLHF or verl log (trainer_state.json or JSON lines): the
    logged kl, a mean per token, converted; an interval where the log leaves it open, a refusal
    with the reason where it says nothing.

    Args:
        log: A trainer's log, or a table with one row a draw; - for standard input.
        columns: How to read a table of draws.
        says: What a log does not say itself.
        control_variate: Also estimate from the log ratios of a table with less noise, by
            p / pi - 1, whose mean is 0; for a policy known to be close to the reference in all
            that the reference says, since draws do not show where it fails.
        statistics: For whom the interval holds, of a table of draws.
        output: Where results go.

    Returns:
        The exit code.
    """
    from klimit.data.logs.scored import read_kl_source
    from klimit.data.logs.trainer_kl import TrainerKl

    prepare(output, source=log)
    with hushed():
        found = read_kl_source(log, columns=columns, says=says)
    if not isinstance(found, TrainerKl) and says != LogOverrides():
        raise InputError(
            f"{log}: --trainer, --term, --average, --mean-length, --shortest, --longest and "
            "--parts are for a trainer's log, got a table of draws; leave them out"
        )
    if not isinstance(found, TrainerKl):
        shown = _of_draws(log, found, statistics, control_variate=control_variate)
        return publish(shown, output)
    if control_variate:
        raise InputError(
            f"{log}: --control-variate is for a table of draws, got a trainer's log; "
            "leave it out"
        )
    return publish(_of_log(log, found), output)


def _of_draws(
    source: str, draws: "Draws", statistics: StatisticsOptions, *, control_variate: bool
) -> Presentation:
    ways = [(way, False) for way in [draws, *_without_distributions(draws)]]
    if control_variate:
        ways.append((ways[-1][0], True))
    with about(source):
        estimates = [
            klimit.sequence_kl(
                way,
                prompts=statistics.prompts,
                level=statistics.level,
                control_variate=steadied,
            )
            for way, steadied in ways
        ]
    findings = klimit.divergence_findings(draws, prompts=statistics.prompts)
    return Presentation(
        source=source,
        title=f"KL(policy || reference), nats a response: {source}",
        header=("from", "KL", f"{100 * statistics.level:g}% interval", ""),
        lines=[(_way(found), measured(found), interval(found), "") for found in estimates],
        objections=[str(finding) for finding in findings],
        notes=[],
        footer=f"klimit {klimit.__version__} · {len(draws)} draws of {len(draws.prompts)} "
        f"prompts · {statistics.prompts} prompts · {estimates[0].method}",
        rows=[
            {
                "kl": found.value,
                "standard_error": found.standard_error,
                "low": found.low,
                "high": found.high,
                "method": found.method,
            }
            for found in estimates
        ],
        values={
            "command": "kl",
            "kl": estimates[0].to_dict(),
            "kl_from_log_ratios": estimates[-2 if control_variate else -1].to_dict(),
            **({"kl_with_control_variate": estimates[-1].to_dict()} if control_variate else {}),
            "findings": [finding.to_dict() for finding in findings],
        },
        verdicts=[],
        figure=None,
    )


def _without_distributions(draws: "Draws") -> "list[Draws]":
    """The same draws by their sums alone, where they have both."""
    columns = dict(draws.columns)
    if columns.pop("kl_exact", None) is None or "log_prob_reference" not in columns:
        return []
    if "log_prob_policy" not in columns:
        return []
    return [replace(draws, columns=columns)]


def _way(found: "Estimate") -> str:
    return found.method.rpartition(", ")[2]


def _of_log(source: str, found: "TrainerKl") -> Presentation:
    every = max(1, -(-len(found.steps) // _MOST_LINES))
    shown = [*found.steps[:-1:every], found.steps[-1]]
    skipped = len(found.steps) - len(shown)
    negative = sum(step.kl.logged < 0 for step in found.steps)
    return Presentation(
        source=source,
        title=f"KL(policy || reference) from {found.trainer}'s {found.key}: {source}",
        header=("step", "logged", "length", "nats a response", "bounds", ""),
        lines=[_line(step) for step in shown],
        objections=[],
        notes=[
            *([f"{skipped} steps between are left out here"] if skipped else []),
            *([f"{negative} logged values are negative: the noise of k1"] if negative else []),
            _reading(found),
            _NO_NOISE,
        ],
        footer=f"klimit {klimit.__version__} · {len(found.steps)} steps · "
        f"{found.steps[-1].kl.how}",
        rows=[_row(step) for step in found.steps],
        values={
            "command": "kl",
            "trainer": found.trainer,
            "key": found.key,
            "term": found.term,
            "average": found.average,
            "steps": [step.kl.to_dict() | {"step": step.step} for step in found.steps],
        },
        verdicts=[],
        figure=lambda width: _figure(found, width),
    )


def _reading(found: "TrainerKl") -> str:
    over = {
        "token": "the tokens of a batch",
        "sequence": "responses, of their token means",
        "sum": "responses, of their sums",
    }
    unsaid = {
        "trl": "as GRPO logs it; of RLOO say --term k1",
        "openrlhf": "by default; else say --term",
        "verl": "by default; else say --term, --average",
    }
    told = "" if found.told == "told" else f" ({unsaid[found.trainer]})"
    return f"{found.key} is read as the mean of {found.term} over {over[found.average]}{told}"


def _line(step: "LoggedStep") -> tuple[str, ...]:
    low, high = step.kl.low, step.kl.high
    bounds = "exact" if step.kl.exact else f"{low:.4g} … {high:.4g}"
    length = "" if step.length is None else f"{step.length:.1f}"
    return (str(step.step), f"{step.kl.logged:.4g}", length, f"{step.kl.kl:.4g}", bounds, "")


def _row(step: "LoggedStep") -> dict[str, str | int | float | None]:
    return {
        "step": step.step,
        "logged": step.kl.logged,
        "mean_length": step.length,
        "kl": step.kl.kl,
        "low": step.kl.low,
        "high": step.kl.high,
        "how": step.kl.how,
    }


def _figure(found: "TrainerKl", width: float) -> "Figure":
    from klimit.plot import logged_kl_figure

    return logged_kl_figure(
        [step.step for step in found.steps], [step.kl for step in found.steps], width=width
    )
