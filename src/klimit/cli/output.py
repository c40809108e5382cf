"""Results on stdout, in a file and as a figure; a table for people, plain text for pipes."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from klimit import __version__
from klimit.cli.console import one_line, say, stdout
from klimit.cli.format import Cell, cell, json_line
from klimit.cli.options import OutputOptions
from klimit.cli.requirements import Verdict
from klimit.core.columns import columns_within
from klimit.core.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from klimit.report import Document

__all__ = ["Presentation", "prepare", "publish"]

_FIGURES = (".svg", ".png", ".pdf")
_INCHES = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """A result, ready for people and for machines.

    Attributes:
        source: The table that the result comes from, as the user named it.
        title: What the table shows.
        header: Column heads for people.
        lines: Cells for people, one line a point; the last cell marks points that do not stand,
            empty for those that do.
        objections: Why those do not, a sentence each.
        notes: Further sentences below the table.
        footer: Version, data and method.
        rows: The same points for machines.
        values: The whole result as plain Python.
        verdicts: The conditions that were asked for, judged.
        figure: Draws the figure, of a width in inches; ``None`` where there is nothing to draw.
        document: Writes the page, where there is more to say than the table and the figure.
    """

    source: str
    title: str
    header: Sequence[str]
    lines: Sequence[Sequence[str]]
    objections: Sequence[str]
    notes: Sequence[str]
    footer: str
    rows: Sequence[Mapping[str, Cell]]
    values: Mapping[str, object]
    verdicts: Sequence[Verdict]
    figure: "Callable[[float], Figure] | None"
    document: "Callable[[], Document] | None" = None


def prepare(output: OutputOptions, *, source: str) -> None:
    """Refuse what cannot be written before anything is computed.

    Args:
        output: Where results go.
        source: The table read, which must not be overwritten.

    Raises:
        InputError: A file name without a known ending, a folder that is not there, or the
            table itself.
    """
    from klimit.cli.pages import check_page_path
    from klimit.data.write import check_table_path

    for path in filter(None, (output.out, output.plot, output.page)):
        if source != "-" and Path(source).exists() and path.resolve() == Path(source).resolve():
            raise InputError(f"{str(path)!r} is the table of draws; write to another file")
    if output.out is not None:
        check_table_path(output.out)
    if output.page is not None:
        check_page_path(output.page)
    if output.plot is not None and output.plot.suffix.lower() not in _FIGURES:
        raise InputError(
            f"a figure needs a name that ends in {', '.join(_FIGURES)}, "
            f"got {str(output.plot)!r}"
        )
    if output.plot is not None and not output.plot.parent.is_dir():
        raise InputError(
            f"{str(output.plot)!r}: there is no folder {str(output.plot.parent)!r}"
        )


def publish(shown: Presentation, output: OutputOptions) -> int:
    """Write the files, print the result, then say which conditions are met.

    Args:
        shown: The result.
        output: Where it goes.

    Returns:
        The exit code: 1 if a condition is not met, else 0.
    """
    if output.out is not None:
        from klimit.data.write import write_table

        say("note", f"wrote {write_table(shown.rows, output.out)}")
    if output.plot is not None:
        from klimit.plot import save_figure

        if shown.figure is None:
            raise InputError("one number has no figure; leave out --plot")
        say("note", f"drew {save_figure(shown.figure(_INCHES), output.plot)}")
    if output.page is not None:
        from klimit.cli.pages import document_of, write_page

        document = document_of(shown) if shown.document is None else shown.document()
        write_page(document, output.page)
    if output.as_json:
        sys.stdout.write(json_line(_json(shown)) + "\n")
    elif stdout().is_terminal:
        _print_table(shown)
    else:
        _print_plain(shown)
    sys.stdout.flush()
    for verdict in shown.verdicts:
        say(
            "require" if verdict.met else "error",
            verdict.line,
            style="" if verdict.met else "red",
        )
    return 0 if all(verdict.met for verdict in shown.verdicts) else 1


def _json(shown: Presentation) -> dict[str, object]:
    return {
        "klimit": __version__,
        "input": shown.source,
        **shown.values,
        "requirements": [
            {"requirement": str(verdict.requirement), "met": verdict.met, "why": verdict.line}
            for verdict in shown.verdicts
        ],
    }


def _print_table(shown: Presentation) -> None:
    console = stdout()
    console.print(Text(one_line(shown.title), style="bold"))
    heads = [one_line(name) for name in shown.header]
    mark = len(heads) - 1
    for columns in columns_within([heads, *shown.lines], console.width):
        table = Table(box=None, pad_edge=False)
        for column in columns:
            table.add_column(Text(heads[column]), justify="left" if column == mark else "right")
        for cells in shown.lines:
            style = "red" if cells[mark] else ""
            table.add_row(*(Text(cells[column]) for column in columns), style=style)
        console.print(table)
    for objection in shown.objections:
        console.print(Text(one_line(f"! {objection}"), style="red"))
    for note in shown.notes:
        console.print(Text(one_line(note)))
    console.print(Text(one_line(shown.footer), style="dim"))


def _print_plain(shown: Presentation) -> None:
    """Tab-separated values at full precision; the rest on stderr."""
    sys.stdout.write("\t".join(shown.rows[0]) + "\n")
    for row in shown.rows:
        sys.stdout.write("\t".join(map(cell, row.values())) + "\n")
    for note in [*shown.objections, *shown.notes, shown.footer]:
        say("note", note)
