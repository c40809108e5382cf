"""The standard report of a table of draws."""

from collections.abc import Sequence
from math import isfinite

from klimit import __version__
from klimit.core.digits import interval, measured
from klimit.core.lines import one_line
from klimit.estimate.best_of.points import BestOfEstimate
from klimit.estimate.draws import Draws
from klimit.estimate.frontier.favoured import FavouredPrompt
from klimit.estimate.frontier.points import FrontierEstimate
from klimit.estimate.prediction import Prediction
from klimit.plot.best_of import best_of_figure
from klimit.report.blocks import Note, Picture, Prose
from klimit.report.document import Block, Document, Section
from klimit.report.grids import best_of_grid, checks_grid, frontier_grid
from klimit.report.slider import explorer_of

__all__ = ["draws_document"]


def draws_document(  # noqa: PLR0913  (a report brings results together)
    draws: Draws,
    *,
    reward_name: str,
    frontier: FrontierEstimate,
    curve: FrontierEstimate,
    favoured: Sequence[Sequence[FavouredPrompt]],
    best_of: BestOfEstimate,
    checks: Sequence[Prediction] = (),
    source: Sequence[str] = (),
) -> Document:
    """Put the results on one table of draws together.

    Args:
        draws: The draws, with the texts of their responses if they are to be shown.
        reward_name: What the reward is called.
        frontier: The frontier at the budgets asked for.
        curve: The same at many budgets, for figure and slider (`frontier_curve`).
        favoured: What each point of ``curve`` favours, for the first prompts of ``draws``
            (`favoured_responses`).
        best_of: Best-of-N.
        checks: Predictions compared with fresh draws.
        source: Where the draws come from: lines for the end of the report.

    Returns:
        The report; further sections can be added to it.

    Example:
        >>> from klimit import estimate_best_of_n, estimate_frontier
        >>> from klimit.estimate.frontier.curve import frontier_curve
        >>> from klimit.estimate.frontier.favoured import favoured_responses
        >>> draws = Draws.from_matrix([[0.0, 1.0, 2.0, 4.0], [0.0, 1.0, 5.0, 6.0]])
        >>> frontier = estimate_frontier(draws, kl=[0.1])
        >>> curve = frontier_curve(draws, frontier, size=5)
        >>> document = draws_document(
        ...     draws,
        ...     reward_name="score",
        ...     frontier=frontier,
        ...     curve=curve,
        ...     favoured=favoured_responses(draws, curve),
        ...     best_of=estimate_best_of_n(draws, n=[1, 2]),
        ... )
        >>> [section.title for section in document.sections]
        ['The frontier', 'The budgets asked for', 'Best-of-N']
    """
    name = _short_name(reward_name)
    explorer = explorer_of(
        draws,
        reward_name=name,
        frontier=frontier,
        curve=curve,
        favoured=favoured,
        best_of=best_of,
    )
    sections = (
        Section("The frontier", (explorer,)),
        Section("The budgets asked for", _asked(frontier, name)),
        Section("Best-of-N", _best_of(best_of, name)),
        *([Section("Predicted and realised", _checks(checks))] if checks else []),
    )
    return Document(
        title=f"How much {name} is in a KL budget",
        summary=_summary(frontier, best_of, name),
        sections=sections,
        footer=(*map(one_line, source), _method(frontier)),
    )


def _short_name(name: str) -> str:
    name = one_line(name)
    return name if len(name) <= 60 else f"{name[:59]}…"


def _asked(frontier: FrontierEstimate, name: str) -> tuple[Block, ...]:
    return (
        frontier_grid(
            frontier,
            name,
            caption=f"The largest mean {name} within each KL budget.",
        ),
        *(
            Note("warning", f"KL {point.kl:g}: the data do not support it, {point.reason}.")
            for point in frontier.points
            if not point.supported
        ),
    )


def _best_of(best_of: BestOfEstimate, name: str) -> tuple[Block, ...]:
    picture = Picture.drawn(
        lambda width: best_of_figure(best_of, width=width),
        caption=(
            f"Of N draws the one of highest {name} is kept: its mean {name}, and its KL from "
            f"the reference, ties counted, with {100 * best_of.level:g}% intervals. The dashed "
            "line is the KL that best-of-N would have without ties."
        ),
        data=best_of_grid(best_of, name),
    )
    return (
        picture,
        *(
            Note("warning", f"N = {point.n}: {point.reason}.")
            for point in best_of.points
            if point.reason
        ),
    )


def _checks(checks: Sequence[Prediction]) -> tuple[Block, ...]:
    return (
        Prose(
            "What the draws predicted, against what fresh draws gave. A prediction that holds "
            "has 0 in the interval of the difference, in as many cases as the level says."
        ),
        checks_grid(checks),
        *(_held(check) for check in checks),
    )


def _held(check: Prediction) -> Note:
    inside = check.difference.low <= 0 <= check.difference.high
    return Note(
        "good" if inside else "bad",
        f"{check.method}: predicted {measured(check.predicted)}, realised "
        f"{measured(check.realised)}, difference {measured(check.difference)}.",
    )


def _summary(frontier: FrontierEstimate, best_of: BestOfEstimate, name: str) -> tuple[str, ...]:
    lines = [f"The reference itself has a mean {name} of {measured(frontier.mean_reward)}."]
    level = f"{100 * frontier.level:g}% interval"
    borne = [point for point in frontier.points if point.supported and isfinite(point.beta)]
    best = max(borne, key=lambda point: point.kl, default=None)
    if best is not None and best.kl > 0:
        lines.append(
            f"Within {best.kl:g} {_nats(best.kl)} of it no policy has more than "
            f"{measured(best.reward)} ({level} {interval(best.reward)}); the optimum "
            f"there has beta {best.beta:.4g}."
        )
        within = [point for point in best_of.points if point.kl.value <= best.kl]
        most = max(within, key=lambda point: point.n, default=None)
        if most is not None and most.n > 1:
            lines.append(
                f"Best of {most.n} spends {measured(most.kl)} nats and has "
                f"{measured(most.reward)}."
            )
    lines.append(
        f"These draws support budgets up to {frontier.supported_kl:.3g} nats; beyond, they do "
        "not tell."
        if isfinite(frontier.supported_kl)
        else "These draws support every budget: the best reward seen is reached often enough."
    )
    return tuple(lines)


def _nats(kl: float) -> str:
    return "nat" if kl == 1 else "nats"


def _method(frontier: FrontierEstimate) -> str:
    return (
        f"klimit {__version__} · {frontier.draw_count:,} draws of {frontier.prompt_count:,} "
        f"prompts · {frontier.pooling} budgets · {frontier.prompts} prompts · "
        f"± one standard error · {100 * frontier.level:g}% intervals: "
        f"{frontier.mean_reward.method}"
    )
