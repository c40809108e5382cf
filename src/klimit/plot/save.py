"""Figures as files: the same figure, the same bytes."""

import os
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from klimit.core.errors import InputError
from klimit.data.write import write_whole

__all__ = ["save_figure", "svg_text"]

_WITHOUT_DATE = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure in the format that the name ends in, all of it or nothing.

    The same figure gives the same bytes: no date, no random identifiers. Text in SVG stays
    text, so that it can be searched and read aloud.

    Args:
        figure: The figure.
        path: A name that ends in ``.svg``, ``.png`` or ``.pdf``; a file of that name is
            replaced.

    Returns:
        The path written.

    Raises:
        InputError: Another ending, or the file cannot be written there.

    Example:
        >>> import tempfile
        >>> from klimit import Draws, estimate_frontier
        >>> from klimit.plot import frontier_figure
        >>> draws = Draws.from_matrix([[0.0, 1.0, 2.0], [0.0, 1.0, 5.0]])
        >>> figure = frontier_figure(estimate_frontier(draws, kl=[0.0, 0.1]))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_figure(figure, f"{folder}/frontier.svg").suffix
        '.svg'
    """
    path = Path(path)
    kind = path.suffix.lower().removeprefix(".")
    if kind not in _WITHOUT_DATE:
        raise InputError(
            f"a figure needs a name that ends in .svg, .png or .pdf, got {str(path)!r}"
        )
    content = _rendered(figure, kind)
    return write_whole(path, lambda file: file.write(content))


def svg_text(figure: Figure) -> str:
    """A figure as SVG.

    Args:
        figure: The figure.

    Returns:
        The text of an SVG file, the same for the same figure.
    """
    return _rendered(figure, "svg").decode()


def _rendered(figure: Figure, kind: str) -> bytes:
    buffer = BytesIO()
    with mpl.rc_context({"svg.hashsalt": "klimit", "svg.fonttype": "none", "pdf.fonttype": 42}):
        figure.savefig(buffer, format=kind, dpi=200, metadata=_WITHOUT_DATE[kind])
    return buffer.getvalue()
