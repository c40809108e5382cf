"""The explorer of one table of draws, kept small enough for a page."""

from collections.abc import Sequence
from math import ceil, isfinite, log10
from typing import Final

import numpy as np

from klimit.estimate.best_of.points import BestOfEstimate
from klimit.estimate.draws import Draws
from klimit.estimate.frontier.favoured import FavouredPrompt
from klimit.estimate.frontier.points import FrontierEstimate
from klimit.plot.frontier import frontier_figure
from klimit.report.blocks import NARROW, WIDE
from klimit.report.explorer import Explorer, Favoured, Pool, Response, Stop
from klimit.report.grids import frontier_cells, frontier_grid
from klimit.report.sketch import Sketch

__all__ = ["PROMPTS_SHOWN", "explorer_of"]

PROMPTS_SHOWN: Final = 24
"""Prompts that a page shows at most."""

_PROMPT_LENGTH: Final = 300
_BYTES_OF_TEXT: Final = 350_000
"""What all responses of a page may weigh together; each is cut to its share of it."""

_LONGEST: Final = 600


def explorer_of(  # noqa: PLR0913  (an explorer brings results together)
    draws: Draws,
    *,
    reward_name: str,
    frontier: FrontierEstimate,
    curve: FrontierEstimate,
    favoured: Sequence[Sequence[FavouredPrompt]],
    best_of: BestOfEstimate,
) -> Explorer:
    """Make the slider over the budgets of a curve.

    Args:
        draws: The draws, with their texts if they are to be shown.
        reward_name: What the reward is called.
        frontier: The frontier at the budgets asked for; the last of these that the data bear is
            shown first.
        curve: The frontier at rising finite budgets.
        favoured: What each point of ``curve`` favours, for the first prompts of ``draws``.
        best_of: Best-of-N, shown on the frontier.

    Returns:
        The explorer.
    """
    count = min(len(favoured[0]), PROMPTS_SHOWN)
    named = _named(favoured, count)
    pools = _pools(draws, named)
    stops = tuple(
        Stop(
            kl=point.kl,
            reward=point.reward.value,
            shown=frontier_cells(point),
            supported=point.supported,
            reason=point.reason,
            favoured=tuple(map(_favoured, entries[:count], named)),
        )
        for point, entries in zip(curve.points, favoured, strict=True)
    )
    start = _start(frontier, curve)
    figures = [
        frontier_figure(curve, best_of=best_of, budget=stops[start].kl, width=width)
        for width in (WIDE, NARROW)
    ]
    total = len(draws.prompts)
    return Explorer(
        caption=_caption(reward_name, curve, best_of),
        wide=figures[0],
        narrow=figures[1],
        data=frontier_grid(curve, reward_name),
        sketch=Sketch(
            x="KL, nats",
            y=f"mean {reward_name}",
            curve=tuple((stop.kl, stop.reward) for stop in stops),
            marks=tuple((point.kl.value, point.reward.value) for point in best_of.points),
            mark_name="best-of-N",
            end=curve.supported_kl,
        ),
        reward_name=reward_name,
        level=curve.level,
        pools=pools,
        stops=stops,
        start=start,
        scope=f"The first {count} of {total:,} prompts are shown." if count < total else "",
    )


def _caption(reward_name: str, curve: FrontierEstimate, best_of: BestOfEstimate) -> str:
    text = (
        f"The largest mean {reward_name} that any policy can have within a KL budget from the "
        f"reference, with its {100 * curve.level:g}% interval, and best-of-N on it."
    )
    if not isfinite(curve.supported_kl):
        return text
    known = any(p.kl.value > curve.supported_kl and not p.reason for p in best_of.points)
    return (
        f"{text} Budgets above {curve.supported_kl:.3g} nats are beyond what these draws can "
        f"tell of the frontier{'; best-of-N is known there too' if known else ''}."
    )


def _start(frontier: FrontierEstimate, curve: FrontierEstimate) -> int:
    borne = [p.kl for p in frontier.points if p.supported and isfinite(p.kl)]
    budgets = np.array([point.kl for point in curve.points])
    return int(np.argmin(np.abs(budgets - max(borne, default=0.0))))


def _named(favoured: Sequence[Sequence[FavouredPrompt]], count: int) -> list[dict[int, float]]:
    """For each prompt, the draws that some budget names, with their rewards."""
    return [
        dict(sorted({r.draw: r.reward for point in favoured for r in point[i].top}.items()))
        for i in range(count)
    ]


def _pools(draws: Draws, named: Sequence[dict[int, float]]) -> tuple[Pool, ...]:
    share = _BYTES_OF_TEXT // max(1, sum(map(len, named)))
    return tuple(
        Pool(
            prompt=_cut(str(draws.prompts[i]), _PROMPT_LENGTH),
            draw_count=f"{int(draws.counts[i]):,}",
            responses=tuple(
                Response(_cut(_text(draws, i, draw), min(_LONGEST, share // 4)), reward)
                for draw, reward in zip(rewards, _told_apart([*rewards.values()]), strict=True)
            ),
        )
        for i, rewards in enumerate(named)
    )


def _text(draws: Draws, i: int, draw: int) -> str:
    if draws.texts is None:
        return f"draw {draw}"
    text = draws.texts[int(draws.offsets[i]) + draw]
    return text if text.strip() else "(white space alone)" if text else "(an empty response)"


def _told_apart(rewards: Sequence[float]) -> list[str]:
    """Rewards with four digits, or as many as show that they differ."""
    spread, size = max(rewards) - min(rewards), max(map(abs, rewards))
    digits = 4 if spread == 0 else min(15, max(4, 3 + ceil(log10(size) - log10(spread))))
    return [f"{reward:.{digits}g}" for reward in rewards]


def _cut(text: str, length: int) -> str:
    """The beginning of a long text, and how long it is."""
    return text if len(text) <= length else f"{text[:length]}… ({len(text):,} characters)"


def _favoured(entry: FavouredPrompt, named: dict[int, float]) -> Favoured:
    places = {draw: place for place, draw in enumerate(named)}
    return Favoured(
        ess=f"{entry.ess:.1f}",
        responses=tuple(places[response.draw] for response in entry.top),
        weights=tuple(response.weight for response in entry.top),
        rest=entry.rest,
    )
