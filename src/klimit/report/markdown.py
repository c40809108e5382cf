"""A document as Markdown: figures as the tables of what they show."""

import re
from collections.abc import Iterable

from klimit.core.lines import visible
from klimit.report.document import Block, Document, Explorer, Grid, Note, Picture, Prose
from klimit.report.explorer import favoured_grid

__all__ = ["render_markdown"]

_KINDS = {"note": "Note", "warning": "Warning", "good": "Holds", "bad": "Does not hold"}
_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&$])")
_STARTS = re.compile(r"^([#+=-])(?=\s|[#=-])|^(\d+)([.)])(?=\s)")


def render_markdown(document: Document) -> str:
    r"""Write a document as Markdown (CommonMark with tables).

    Text stays text: nothing in it becomes markup.

    Args:
        document: The document.

    Returns:
        The text, lines ended by a line feed.

    Example:
        >>> print(render_markdown(Document("Reward * budget", ("1 nat buys 0.5.",))))
        # Reward \* budget
        <BLANKLINE>
        - 1 nat buys 0.5.
        <BLANKLINE>
    """
    parts = [f"# {_text(document.title)}"]
    parts += ["\n".join(f"- {_text(line)}" for line in document.summary)]
    for section in document.sections:
        parts.append(f"## {_text(section.title)}")
        parts += [_block(block) for block in section.blocks]
    if document.footer:
        parts += ["---", "  \n".join(_text(line) for line in document.footer)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _block(block: Block) -> str:
    match block:
        case Prose(text):
            return _text(text)
        case Note(kind, text):
            return f"> **{_KINDS[kind]}.** {_text(text)}"
        case Grid():
            return _grid(block)
        case Explorer():
            tables = (_grid(block.data), _grid(favoured_grid(block)))
            return "\n\n".join([f"*{_text(block.caption)}*", *tables])
        case Picture():  # pragma: no branch  (there are no other blocks)
            caption = f"*{_text(block.caption)}*"
            return caption if block.data is None else f"{caption}\n\n{_grid(block.data)}"


def _grid(grid: Grid) -> str:
    lines = [_row(map(_text, grid.header)), "|---" * len(grid.header) + "|"]
    for index, row in enumerate(grid.rows):
        cells = map(_text, row)
        lines.append(_row(map(_slanted, cells) if index in grid.marked else cells))
    caption = [f"**{_text(grid.caption)}**", ""] if grid.caption else []
    return "\n".join(caption + lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _slanted(cell: str) -> str:
    return f"*{cell}*" if cell else ""


def _text(text: str) -> str:
    """One line in which nothing is markup."""
    line = _SPECIAL.sub(r"\\\1", " ".join(visible(text).split()))
    return _STARTS.sub(lambda found: f"{found[2] or ''}\\{found[3] or found[1]}", line)
