"""A document on a terminal, as wide as the terminal is."""

from typing import Literal

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from klimit.core.columns import columns_within
from klimit.core.lines import one_line
from klimit.report.document import Block, Document, Explorer, Grid, Note, Picture, Prose
from klimit.report.explorer import favoured_grid
from klimit.report.sketch import Sketch, render_sketch

__all__ = ["print_document"]

_SIGNS = {
    "note": ("", ""),
    "warning": ("! ", "yellow"),
    "good": ("", "green"),
    "bad": ("! ", "red"),
}
_MOST_ROWS = 16
_WIDEST = 80


def print_document(document: Document, console: Console) -> None:
    """Print a document: figures as their captions and numbers.

    Text stays text: nothing in it becomes markup or moves the cursor.

    Args:
        document: The document.
        console: Where to print it.

    Example:
        >>> document = Document("Budgets", ("One nat buys 0.5.",))
        >>> print_document(document, Console(width=40, no_color=True))
        Budgets
        One nat buys 0.5.
    """
    console.print(Text(one_line(document.title), style="bold"))
    for line in document.summary:
        console.print(Text(one_line(line)))
    for section in document.sections:
        console.print()
        console.print(Text(one_line(section.title), style="bold"))
        for block in section.blocks:
            for part in _parts(block, console):
                console.print(part)
    if document.footer:
        console.print()
    for line in document.footer:
        console.print(Text(one_line(line), style="dim"))


def _parts(block: Block, console: Console) -> list[RenderableType]:
    match block:
        case Prose(text):
            return [Text(one_line(text))]
        case Note(kind, text):
            sign, style = _SIGNS[kind]
            return [Text(sign + one_line(text), style=style)]
        case Grid():
            return _grid(block, console)
        case Picture():
            numbers = [] if block.data is None else _grid(block.data, console)
            return [*_sketch(block.sketch, console), _caption(block.caption), *numbers]
        case Explorer():  # pragma: no branch  (there are no other blocks)
            length = max(12, (console.width - 36) // 2)
            plot = _sketch(block.sketch, console)
            favoured = _grid(favoured_grid(block, length=length), console)
            return [*plot, _caption(block.caption), *favoured]


def _caption(text: str) -> Text:
    return Text(one_line(text), style="italic")


def _sketch(sketch: Sketch | None, console: Console) -> list[RenderableType]:
    if sketch is None:
        return []
    width = min(console.width, _WIDEST)
    drawn = render_sketch(sketch, width=width, encoding=console.encoding)
    return [Text(line, no_wrap=True, overflow="crop") for line in drawn.splitlines()]


def _grid(grid: Grid, console: Console) -> list[RenderableType]:
    shown = _shown(len(grid.rows))
    lines = [[one_line(cell) for cell in grid.rows[index]] for index in shown]
    heads = [one_line(head) for head in grid.header]
    parts: list[RenderableType] = [Text(one_line(grid.caption))] if grid.caption else []
    for columns in columns_within([heads, *lines], console.width):
        table = Table(box=None, pad_edge=False)
        for column in columns:
            side: Literal["right", "left"] = "right" if grid.is_number(column) else "left"
            table.add_column(Text(heads[column]), justify=side)
        for index, cells in zip(shown, lines, strict=True):
            style = "red" if index in grid.marked else ""
            table.add_row(*(Text(cells[column]) for column in columns), style=style)
        parts.append(table)
    hidden = len(grid.rows) - _MOST_ROWS
    note = [Text(f"({hidden} of {len(grid.rows)} rows left out)", style="dim")]
    return [*parts, *(note if hidden > 0 else [])]


def _shown(count: int) -> list[int]:
    """Indices of the rows to print: all, or some spread over the table with both ends."""
    if count <= _MOST_ROWS:
        return list(range(count))
    return [round(k * (count - 1) / (_MOST_ROWS - 1)) for k in range(_MOST_ROWS)]
