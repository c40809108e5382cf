"""What a report says, as plain data: blocks in sections in a document; nothing is computed."""

from dataclasses import dataclass

from klimit.report.blocks import Grid, Note, Picture, Prose
from klimit.report.explorer import Explorer

__all__ = ["Block", "Document", "Explorer", "Grid", "Note", "Picture", "Prose", "Section"]

Block = Prose | Note | Grid | Picture | Explorer


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
