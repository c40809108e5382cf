"""A command's result as a section of a report, so that terminal, page and figure agree."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from klimit.cli.console import say
from klimit.core.errors import InputError

if TYPE_CHECKING:
    from klimit.cli.output import Presentation
    from klimit.report import Document, Section

__all__ = ["check_page_path", "document_of", "section_of", "write_page"]


def check_page_path(path: Path) -> None:
    """Refuse early a path that `write_page` could not write.

    Args:
        path: The path.

    Raises:
        InputError: Its ending names no format, or its folder does not exist.
    """
    if path.suffix.lower() not in {".html", ".htm", ".md"}:
        raise InputError(f"a report needs a name that ends in .html or .md, got {str(path)!r}")
    if not path.parent.is_dir():
        raise InputError(f"{str(path)!r}: there is no folder {str(path.parent)!r}")


def section_of(shown: "Presentation", *, title: str) -> "Section":
    """What a command prints, as a section: its figure, its table, its sentences.

    Args:
        shown: The result.
        title: Title of the section.

    Returns:
        The section.
    """
    from klimit.report import Grid, Note, Picture, Prose, Section

    table = Grid(
        caption="",
        header=tuple(shown.header),
        rows=tuple(tuple(cells) for cells in shown.lines),
        marked=frozenset(k for k, cells in enumerate(shown.lines) if cells[-1]),
    )
    body = (
        replace(table, caption=shown.title)
        if shown.figure is None
        else Picture.drawn(shown.figure, caption=shown.title, data=table)
    )
    warnings = (Note("warning", objection) for objection in shown.objections)
    return Section(title, (*map(Prose, shown.notes), *warnings, body))


def document_of(shown: "Presentation") -> "Document":
    """A report on one result.

    Args:
        shown: The result.

    Returns:
        The report.
    """
    from klimit.report import Document

    return Document(
        title=shown.title,
        summary=tuple(verdict.line for verdict in shown.verdicts),
        sections=(section_of(shown, title="What was found"),),
        footer=(shown.source, shown.footer),
    )


def write_page(document: "Document", path: Path) -> None:
    """Write a report, and say so.

    Args:
        document: The report.
        path: A file that ends in .html, .htm or .md.
    """
    from klimit.report import render_markdown, write_html

    if path.suffix.lower() == ".md":
        from klimit.data.write import write_whole

        text = render_markdown(document).encode()
        write_whole(path, lambda file: file.write(text))
    else:
        write_html(document, path)
    say("note", f"wrote {path} ({path.stat().st_size / 1000:,.0f} kB)")
