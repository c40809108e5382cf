"""Results and figures as documents: on a terminal, as one HTML page, as Markdown."""

from klimit.core.extras import optional

for _module in ("matplotlib", "jinja2", "rich"):
    optional(_module, feature="a report", extra="app")

from klimit.report.document import (  # noqa: E402  (the extras may be absent)
    Document,
    Grid,
    Note,
    Picture,
    Prose,
    Section,
)
from klimit.report.html import render_html, write_html  # noqa: E402
from klimit.report.markdown import render_markdown  # noqa: E402
from klimit.report.terminal import print_document  # noqa: E402

__all__ = [
    "Document",
    "Grid",
    "Note",
    "Picture",
    "Prose",
    "Section",
    "print_document",
    "render_html",
    "render_markdown",
    "write_html",
]
