"""What stands in a report: paragraphs, notes, tables and figures, as plain data."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from matplotlib.figure import Figure

from klimit.core.errors import InputError
from klimit.report.sketch import Sketch

__all__ = ["Grid", "Note", "Picture", "Prose"]

WIDE: Final = 7.0
NARROW: Final = 3.6
"""Inches of a figure on a page, and of the same on a telephone."""

_NUMBER = re.compile(r"[-−+<>≤≥±]?\s*(\d|\.\d|inf\b|∞|nan\b)")


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph.

    Attributes:
        text: Plain text; nothing in it is read as markup.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence that must not be missed.

    Attributes:
        kind: ``"note"``, ``"warning"`` (with care), ``"good"`` (holds) or ``"bad"`` (does not).
        text: Plain text.
    """

    kind: Literal["note", "warning", "good", "bad"]
    text: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of strings.

    Attributes:
        caption: What it shows; may be empty below a figure, which has its own.
        header: Heads of the columns.
        rows: Cells, as many in each row as there are heads.
        marked: Indices of rows that do not stand, drawn so that nobody takes them for others.

    Raises:
        InputError: A row has too few or too many cells.

    Example:
        >>> Grid("Best-of-N", ("N", "reward"), (("1", "0.3"), ("2", "0.5"))).rows[1]
        ('2', '0.5')
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    marked: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        for index, row in enumerate(self.rows):
            if len(row) != len(self.header):
                raise InputError(
                    f"each row of a grid needs {len(self.header)} cells, one a head, "
                    f"row {index} has {len(row)}"
                )

    def is_number(self, column: int) -> bool:
        """Whether a column holds numbers, which stand right-aligned.

        Args:
            column: Its index.

        Returns:
            Whether every cell of it that is not empty begins like a number.
        """
        cells = [row[column] for row in self.rows if row[column]]
        return bool(cells) and all(_NUMBER.match(cell) for cell in cells)


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure with its caption and the numbers that it shows.

    Attributes:
        caption: What it shows, for those too who cannot see it.
        wide: The figure.
        narrow: The same for a narrow column, a telephone's.
        data: The numbers in it.
        sketch: The same for a terminal; ``None`` to print the numbers alone.
    """

    caption: str
    wide: Figure
    narrow: Figure
    data: Grid | None = None
    sketch: Sketch | None = None

    @classmethod
    def drawn(
        cls,
        draw: Callable[[float], Figure],
        *,
        caption: str,
        data: Grid | None = None,
    ) -> "Picture":
        """A figure drawn at each width that a page may have.

        Args:
            draw: Draws it at a width in inches.
            caption: What it shows.
            data: The numbers in it.

        Returns:
            The picture.
        """
        return cls(caption, wide=draw(WIDE), narrow=draw(NARROW), data=data)
