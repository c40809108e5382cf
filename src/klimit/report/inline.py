"""A matplotlib figure as SVG inside a page: its own ids, and colours that follow the theme."""

import re
from typing import Final
from xml.etree import ElementTree as ET

from matplotlib.figure import Figure

from klimit.plot import style
from klimit.plot.save import svg_text

__all__ = ["inline_svg"]

COLOURS: Final = {
    style.INK: "ink",
    style.MUTED: "muted",
    style.RULE: "rule",
    style.PAPER: "paper",
    style.FRONTIER: "frontier",
    style.BEST_OF: "best-of",
    style.THIRD: "third",
    style.HATCH: "hatch",
}
"""Colours of figures and the custom properties of the page that take their place."""

_XLINK = "{http://www.w3.org/1999/xlink}href"
_FONT = re.compile(r"(font: [^;']*?px|font-family:) '[^;]*")
_COLOUR = re.compile("|".join(COLOURS))
_DROPPED = ("metadata", "style")


def inline_svg(figure: Figure, *, prefix: str, label: str) -> str:
    """The figure as an ``<svg>`` element of an HTML page.

    Colours of `klimit.plot.style` become custom properties of the page (``--ink`` and so on),
    fonts those of the page, and the size is left to the page.

    Args:
        figure: The figure.
        prefix: Goes before every id, so that figures of one page do not meet; the id of the
            element itself.
        label: Id of the element that describes the figure.

    Returns:
        The element; a text in it stays text.

    Example:
        >>> from matplotlib.figure import Figure
        >>> inline_svg(Figure(), prefix="a", label="b").startswith('<svg viewBox="0 0 ')
        True
    """
    root = ET.fromstring(svg_text(figure))
    for parent in root.iter():
        parent.tag = parent.tag.rpartition("}")[2]
        for child in [child for child in parent if child.tag.endswith(_DROPPED)]:
            parent.remove(child)
        _adapt(parent, prefix)
    root.attrib = {
        "viewBox": root.attrib["viewBox"],
        "id": prefix,
        "role": "img",
        "aria-labelledby": label,
        "style": "stroke-linejoin: round; stroke-linecap: butt",
    }
    return ET.tostring(root, encoding="unicode")


def _adapt(element: ET.Element, prefix: str) -> None:
    attributes = element.attrib
    if _XLINK in attributes:
        attributes["href"] = f"#{prefix}-{attributes.pop(_XLINK)[1:]}"
    if "id" in attributes:
        attributes["id"] = f"{prefix}-{attributes['id']}"
    if "clip-path" in attributes:
        attributes["clip-path"] = attributes["clip-path"].replace("url(#", f"url(#{prefix}-")
    if "style" in attributes:
        text = attributes["style"].replace("url(#", f"url(#{prefix}-")
        text = _FONT.sub(r"\1 var(--sans)", text)
        attributes["style"] = _COLOUR.sub(lambda found: f"var(--{COLOURS[found[0]]})", text)
