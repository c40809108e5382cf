"""The report of an audit: one checkpoint, or a whole training run."""

from math import isfinite

import numpy as np

from klimit import __version__
from klimit.core.digits import interval, measured
from klimit.core.lines import one_line
from klimit.estimate.audit.by_prompt import PromptAudits
from klimit.estimate.audit.in_words import knee_in_words, named_numbers
from klimit.estimate.audit.points import PointsAudit
from klimit.estimate.audit.policies import Audit
from klimit.estimate.frontier.points import FrontierEstimate
from klimit.plot.audit import audit_figure, run_figure
from klimit.report.blocks import Grid, Note, Picture, Prose
from klimit.report.document import Block, Document, Section

__all__ = ["audit_document", "run_document"]

_SHOWN = 12  # prompts in the table of those farthest from the optimum
_BAD = frozenset({"above-frontier", "reward-scales", "over-budget", "kl-infinite"})


def audit_document(
    audit: Audit,
    *,
    reward_name: str,
    curve: FrontierEstimate,
    prompts: PromptAudits | None = None,
    source: tuple[str, ...] = (),
) -> Document:
    """Put an audit on a page: the numbers, the figure, the findings, prompt by prompt.

    Args:
        audit: The audit.
        reward_name: What the reward is called.
        curve: The frontier of the reference at many budgets (`frontier_curve`).
        prompts: The audit prompt by prompt, where the draws tell.
        source: Where the draws come from: lines for the end of the report.

    Returns:
        The report.
    """
    name = one_line(reward_name)
    picture = Picture.drawn(
        lambda width: audit_figure(audit, frontier=curve, width=width),
        caption=(
            f"The policy below the frontier, with its intervals: up to the frontier what it "
            f"lacks in {name}, left to it what it spends too much."
        ),
        data=_numbers(audit, name),
    )
    sections = [
        Section("Against the frontier", (picture, *_support(audit))),
        Section("Findings", _findings(audit)),
    ]
    if prompts is not None:
        sections.append(Section("Prompt by prompt", _prompts(prompts, name)))
    return Document(
        title=f"How far the policy is from the most {name} that its KL can buy",
        summary=_summary(audit, name),
        sections=tuple(sections),
        footer=(*map(one_line, source), _method(audit)),
    )


def run_document(
    run: PointsAudit,
    *,
    reward_name: str,
    curve: FrontierEstimate,
    source: tuple[str, ...] = (),
) -> Document:
    """Put a training run on a page: its path below the frontier, and the knee.

    Args:
        run: The audited checkpoints.
        reward_name: What the reward is called.
        curve: The frontier of the reference at many budgets (`frontier_curve`).
        source: Where the numbers come from: lines for the end of the report.

    Returns:
        The report.
    """
    name = one_line(reward_name)
    points = run.points
    grid = Grid(
        caption="",
        header=("step", "KL", name, "most at that KL", "efficiency", "excess KL", ""),
        rows=tuple(
            (
                f"{point.step:g}",
                f"{point.kl:.4g}",
                f"{point.mean_reward:.4g}",
                measured(point.frontier_reward),
                measured(point.efficiency),
                measured(point.excess_kl),
                "" if point.supported else "NOT SUPPORTED",
            )
            for point in points
        ),
        marked=frozenset(k for k, point in enumerate(points) if not point.supported),
    )
    picture = Picture.drawn(
        lambda width: run_figure(run, frontier=curve, width=width),
        caption=f"The run's {name} against its KL, below the frontier of its reference.",
        data=grid,
    )
    last = points[-1]
    end = (
        f"At step {last.step:g} the efficiency is {measured(last.efficiency)}."
        if last.supported
        else f"At step {last.step:g} the draws do not bear the frontier: {last.reason}."
    )
    return Document(
        title=f"A training run against the most {name} that its KL can buy",
        summary=(knee_in_words(run), end),
        sections=(Section("Against the frontier", (picture,)),),
        footer=(*map(one_line, source), _run_method(run, name)),
    )


def _run_method(run: PointsAudit, name: str) -> str:
    return (
        f"klimit {__version__} · {len(run.points)} checkpoints, KL and {name} as given · "
        f"{run.draw_count:,} draws of the reference at {run.prompt_count:,} prompts · "
        "± one standard error of the frontier"
    )


def _numbers(audit: Audit, name: str) -> Grid:
    rows = named_numbers(audit, reward=name)
    return Grid(
        caption="",
        header=("", "estimate", f"{100 * audit.level:g}% interval", ""),
        rows=tuple(
            (label, measured(value), interval(value), "NOT SUPPORTED" if reason else "")
            for label, value, reason in rows
        ),
        marked=frozenset(k for k, (_, _, reason) in enumerate(rows) if reason),
    )


def _support(audit: Audit) -> tuple[Block, ...]:
    if not audit.policy_supported:
        said = f"The draws do not bear these numbers: {audit.policy_reason}."
        return (Note("warning", said),)
    if audit.supported:
        return ()
    return (Note("warning", f"The draws do not bear the frontier at that KL: {audit.reason}."),)


def _findings(audit: Audit) -> tuple[Block, ...]:
    if not audit.findings:
        return (Prose("Nothing speaks against these numbers."),)
    return tuple(
        Note("bad" if finding.code in _BAD else "warning", str(finding))
        for finding in audit.findings
    )


def _prompts(prompts: PromptAudits, name: str) -> tuple[Block, ...]:
    order = np.argsort(prompts.divergence)[::-1][:_SHOWN]
    rows = tuple(
        (
            _quoted(prompts.prompts[i]),
            f"{prompts.divergence[i]:.2f} ± {prompts.divergence_error[i]:.2f}",
            f"{prompts.kl[i]:.2f}",
            f"{prompts.optimal_kl[i]:.2f}",
            f"{prompts.mean_reward[i]:.3g}",
            f"{prompts.optimal_reward[i]:.3g}",
        )
        for i in order
    )
    heads = ("prompt", "divergence", "KL", "optimum's KL", name, f"optimum's {name}")
    return (
        Prose(
            "The divergence from the optimum is a mean over prompts. These are farthest from "
            "what the optimal policy of the same KL does, which spends where it buys most."
        ),
        Grid(caption=f"The {len(rows)} prompts farthest from it", header=heads, rows=rows),
    )


def _quoted(prompt: str | int) -> str:
    text = one_line(str(prompt))
    return text if len(text) <= 80 else f"{text[:79]}…"


def _summary(audit: Audit, name: str) -> tuple[str, ...]:
    gained = (
        f"For a KL of {measured(audit.kl)} nats the policy gains {measured(audit.gain)} in "
        f"{name}."
    )
    if not audit.supported:
        return (gained, f"How much it could gain the draws do not tell: {audit.reason}.")
    share = audit.efficiency
    possible = f"The optimum of that KL gains {measured(audit.possible_gain)}"
    told = (
        f"{possible}: an efficiency of {measured(share)} ({100 * audit.level:g}% interval "
        f"{interval(share)})."
        if isfinite(share.value)
        else f"{possible}."
    )
    spends = f"Its {name} could be had for {measured(audit.excess_kl)} nats less."
    return (gained, told, *([spends] if audit.excess_supported else []))


def _method(audit: Audit) -> str:
    return (
        f"klimit {__version__} · {audit.draw_count:,} draws of the policy and "
        f"{audit.reference_draw_count:,} of the reference at {audit.prompt_count:,} prompts · "
        f"{audit.prompts} prompts · ± one standard error · {100 * audit.level:g}% intervals: "
        f"{audit.gain.method}"
    )
