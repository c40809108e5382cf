"""What a report says, as plain data: blocks in sections in a document; nothing is computed."""

import re
from dataclasses import dataclass
from typing import Literal

from matplotlib.figure import Figure

from klimit.core.errors import InputError

__all__ = ["Document", "Grid", "Note", "Picture", "Prose", "Section"]

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
        narrow: The same for a narrow column; ``None`` to shrink the wide one.
        data: The numbers in it.
    """

    caption: str
    wide: Figure
    narrow: Figure | None = None
    data: Grid | None = None


Block = Prose | Note | Grid | Picture


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks under one title.

    Attributes:
        title: The title.
        blocks: What stands below it, in order.
    """

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A report.

    Attributes:
        title: What it is about.
        summary: What it found, a sentence each; what a reader in a hurry reads.
        sections: The sections, in order.
        footer: Version, data, method, command: what it takes to make it again.

    Example:
        >>> Document("Two draws", ("Nothing is known.",)).with_sections(
        ...     Section("Why", (Prose("Two draws are too few."),))
        ... ).sections[0].title
        'Why'
    """

    title: str
    summary: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    footer: tuple[str, ...] = ()

    def with_sections(self, *sections: Section) -> "Document":
        """The same document with further sections at its end.

        Args:
            sections: The sections.

        Returns:
            A new document.
        """
        return Document(self.title, self.summary, self.sections + sections, self.footer)
