"""A document as one HTML file that needs nothing else and asks nobody."""

import os
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup
from matplotlib.figure import Figure

from klimit import __version__
from klimit.core.lines import visible
from klimit.data.write import write_whole
from klimit.report.document import Document, Grid
from klimit.report.embed import embed_explorer
from klimit.report.explorer import percent, verdict
from klimit.report.inline import inline_svg

__all__ = ["render_html", "write_html"]


def render_html(document: Document) -> str:
    """Write a document as one HTML page.

    Style and figures stand in the page; it forbids itself the network. Text stays text: nothing
    in it becomes markup.

    Args:
        document: The document.

    Returns:
        The page.

    Example:
        >>> "Rewards &amp; budgets</h1>" in render_html(Document("Rewards & budgets"))
        True
    """
    return _page().render(document=document)


def write_html(document: Document, path: str | os.PathLike[str]) -> Path:
    """Write a document as one HTML file, all of it or nothing.

    Args:
        document: The document.
        path: Where; a file of that name is replaced.

    Returns:
        The path.

    Raises:
        InputError: The place cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_html(Document("Nothing yet"), f"{folder}/report.html").name
        'report.html'
    """
    content = render_html(document).encode()
    return write_whole(Path(path), lambda file: file.write(content))


@cache
def _page() -> Template:
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    environment.filters["kind"] = lambda block: type(block).__name__
    environment.filters["svg"] = _svg
    environment.filters["explorer"] = embed_explorer
    environment.filters["percent"] = percent
    environment.filters["verdict"] = verdict
    environment.filters["columns"] = _columns
    style, script = (_resource(name) for name in ("page.css", "page.js"))
    environment.globals |= {
        "version": __version__,
        "style": Markup(style),
        "script": Markup(script),
        "script_hash": b64encode(sha256(script.encode()).digest()).decode(),
    }
    return environment.from_string(_resource("page.html.jinja"))


def _resource(name: str) -> str:
    return files("klimit.report").joinpath(name).read_text("utf-8")


def _svg(figure: Figure, prefix: str, label: str) -> Markup:
    return Markup(inline_svg(figure, prefix=prefix, label=label))


def _columns(grid: Grid) -> list[Markup]:
    """The attribute of the cells of each column: numbers stand below each other."""
    return [
        Markup(' class="number"' if grid.is_number(k) else "") for k in range(len(grid.header))
    ]
