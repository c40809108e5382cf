"""The slider over the KL budget: what the optimum favours at each, as plain data."""

from dataclasses import dataclass

from matplotlib.figure import Figure

from klimit.report.blocks import Grid
from klimit.report.sketch import Sketch

__all__ = [
    "Explorer",
    "Favoured",
    "Pool",
    "Response",
    "Stop",
    "favoured_grid",
    "percent",
    "verdict",
]


@dataclass(frozen=True, slots=True)
class Response:
    """A response that some budget favours.

    Attributes:
        text: The text.
        reward: Its reward.
    """

    text: str
    reward: str


@dataclass(frozen=True, slots=True)
class Pool:
    """A prompt and those of its draws that the explorer names.

    Attributes:
        prompt: The prompt.
        draw_count: Number of its draws.
        responses: Its responses that are named at some budget.
    """

    prompt: str
    draw_count: str
    responses: tuple[Response, ...]


@dataclass(frozen=True, slots=True)
class Favoured:
    """What is favoured for one prompt at one budget.

    Attributes:
        ess: Effective number of draws that carry the weights.
        responses: Indices into the prompt's responses, the greatest weight first.
        weights: Their weights, in [0, 1].
        rest: Weight of all other responses together.
    """

    ess: str
    responses: tuple[int, ...]
    weights: tuple[float, ...]
    rest: float


@dataclass(frozen=True, slots=True)
class Stop:
    """A budget at which the slider stops.

    Attributes:
        kl: The budget, in nats.
        reward: The mean reward there, to place the mark.
        shown: Budget, beta, reward, interval and effective sample size as text.
        supported: Whether the data bear it.
        reason: Why they do not, in words; empty where they do.
        favoured: What is favoured, one entry a prompt.
    """

    kl: float
    reward: float
    shown: tuple[str, str, str, str, str]
    supported: bool
    reason: str
    favoured: tuple[Favoured, ...]


@dataclass(frozen=True, slots=True)
class Explorer:
    """A figure of the frontier with a slider over its budgets.

    Attributes:
        caption: What the figure shows.
        wide: The figure, with the artists ``budget-line`` and ``budget-dot`` at ``start``.
        narrow: The same for a narrow column.
        data: The numbers in it.
        sketch: The frontier for a terminal.
        reward_name: What the reward is called.
        level: Nominal coverage of the intervals.
        pools: The prompts.
        stops: The budgets, rising.
        start: Index of the stop that is shown first.
        scope: Which prompts are shown, where there are more; empty if all are.
    """

    caption: str
    wide: Figure
    narrow: Figure
    data: Grid
    sketch: Sketch
    reward_name: str
    level: float
    pools: tuple[Pool, ...]
    stops: tuple[Stop, ...]
    start: int
    scope: str


def favoured_grid(explorer: Explorer, *, length: int = 60) -> Grid:
    """The first state of an explorer as a table: the response of greatest weight a prompt.

    Args:
        explorer: The explorer.
        length: Characters of prompts and responses to show.

    Returns:
        One row a prompt.
    """
    stop = explorer.stops[explorer.start]
    unit = "nat" if stop.shown[0] == "1" else "nats"
    rows = []
    for pool, favoured in zip(explorer.pools, stop.favoured, strict=True):
        response = pool.responses[favoured.responses[0]]
        weight = percent(favoured.weights[0])
        rows.append(
            (
                _cut(pool.prompt, length),
                favoured.ess,
                weight,
                response.reward,
                _cut(response.text, length),
            )
        )
    return Grid(
        f"What the optimum at {stop.shown[0]} {unit} favours most, by prompt",
        ("prompt", "ESS", "weight", explorer.reward_name, "response"),
        tuple(rows),
    )


def _cut(text: str, length: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def percent(weight: float) -> str:
    """A weight as the page writes it.

    Args:
        weight: In [0, 1].

    Returns:
        One decimal, and no weight that is not 0 shown as 0.

    Example:
        >>> percent(0.1234), percent(0.0001), percent(0.0)
        ('12.3%', '<0.1%', '0.0%')
    """
    return "<0.1%" if 0 < weight < 0.0005 else f"{100 * weight:.1f}%"


def verdict(reason: str) -> str:
    """Whether the data bear a budget, in words.

    Args:
        reason: Why they do not, empty where they do.

    Returns:
        A sentence.

    Example:
        >>> verdict("effective sample size 3.4 of 256")
        'Beyond the data: effective sample size 3.4 of 256.'
    """
    return f"Beyond the data: {reason}." if reason else "The data support this budget."
