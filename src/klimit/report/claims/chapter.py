"""What each claim becomes: a figure, the numbers beside it, and whether it holds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan

from matplotlib.figure import Figure

from klimit.core.results import Result
from klimit.report.blocks import Grid, Note, Picture, Prose
from klimit.report.document import Section

__all__ = ["Chapter", "number"]


@dataclass(frozen=True, slots=True, eq=False)
class Chapter:
    """One claim, put to the test.

    Attributes:
        number: Its number on the page.
        name: Its name in file names.
        title: What it says.
        statement: The same in full.
        caption: What the figure shows.
        draw: Draws the figure at a width in inches.
        grids: The numbers beside it.
        notes: What was found.
        results: The numbers in full, one result a setting.
    """

    number: int
    name: str
    title: str
    statement: tuple[str, ...]
    caption: str
    draw: Callable[[float], Figure]
    grids: tuple[Grid, ...]
    notes: tuple[Note, ...]
    results: Sequence[Result]

    @property
    def holds(self) -> bool:
        """Whether the numbers bear the claim out."""
        return all(note.kind != "bad" for note in self.notes)

    @property
    def section(self) -> Section:
        """The claim as a section of a page."""
        return Section(
            f"{self.number}. {self.title}",
            (
                *map(Prose, self.statement),
                Picture.drawn(self.draw, caption=self.caption),
                *self.grids,
                *self.notes,
            ),
        )


def number(value: float, digits: int = 4) -> str:
    """A number at some significant digits, powers of ten as people write them.

    Args:
        value: The number.
        digits: How many digits.

    Returns:
        Its text.

    Example:
        >>> number(0.000123456), number(3.8e16), number(0.25), number(float("inf"))
        ('0.0001235', '3.8e16', '0.25', '∞')
        >>> number(float("nan"))
        'unknown'
    """
    if isnan(value):
        return "unknown"
    text = f"{value:.{digits}g}".replace("inf", "∞")
    return text.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
