"""An explorer as the page holds it: figures, data for its script, and its first state."""

import json
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup
from matplotlib.figure import Figure

from klimit.core.lines import visible
from klimit.report.explorer import Explorer
from klimit.report.inline import inline_svg

__all__ = ["EmbeddedExplorer", "embed_explorer", "script_json"]

_POINTS_PER_INCH: Final = 72


@dataclass(frozen=True, slots=True)
class EmbeddedExplorer:
    """What the template needs.

    Attributes:
        wide: The figure as SVG.
        narrow: The same for a narrow column.
        data: Everything that changes with the budget, as JSON for a ``<script>`` element.
    """

    wide: Markup
    narrow: Markup
    data: Markup


def embed_explorer(explorer: Explorer, identifier: str) -> EmbeddedExplorer:
    """Make an explorer part of a page.

    Args:
        explorer: The explorer.
        identifier: Goes before every id of it.

    Returns:
        Its figures and data.
    """
    label = f"{identifier}c"
    wide = inline_svg(explorer.wide, prefix=f"{identifier}w", label=label)
    narrow = inline_svg(explorer.narrow, prefix=f"{identifier}n", label=label)
    places = zip(
        _places(explorer.wide, explorer), _places(explorer.narrow, explorer), strict=True
    )
    stops = [
        {
            "at": [*first, *second],
            "shown": stop.shown,
            "ok": stop.supported,
            "why": stop.reason,
            "favoured": [
                [
                    entry.ess,
                    entry.responses,
                    [_short(w) for w in entry.weights],
                    _short(entry.rest),
                ]
                for entry in stop.favoured
            ],
        }
        for stop, (first, second) in zip(explorer.stops, places, strict=True)
    ]
    pools = [
        [[response.text, response.reward] for response in pool.responses]
        for pool in explorer.pools
    ]
    return EmbeddedExplorer(
        Markup(wide), Markup(narrow), script_json({"stops": stops, "pools": pools})
    )


def script_json(value: object) -> Markup:
    r"""JSON that may stand in a ``<script>`` element: no text in it can end the element.

    Args:
        value: Plain Python.

    Returns:
        The JSON.

    Example:
        >>> print(script_json(["</script>"]))
        ["\u003c/script>"]
    """
    text = json.dumps(
        _visible(value), ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )
    for sign in "<&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def _visible(value: object) -> object:
    match value:
        case str():
            return visible(value)
        case dict():
            return {key: _visible(item) for key, item in value.items()}
        case list() | tuple():
            return [_visible(item) for item in value]
        case _:
            return value


def _short(weight: float) -> float:
    return float(f"{weight:.4g}")


def _places(figure: Figure, explorer: Explorer) -> list[tuple[float, float]]:
    """Where each stop stands in the user units of the SVG of a figure laid out already."""
    (axes,) = figure.axes
    height = figure.get_figheight() * _POINTS_PER_INCH
    scale = _POINTS_PER_INCH / figure.dpi
    return [
        (round(float(x) * scale, 2), round(height - float(y) * scale, 2))
        for x, y in axes.transData.transform(
            [(stop.kl, stop.reward) for stop in explorer.stops]
        )
    ]
