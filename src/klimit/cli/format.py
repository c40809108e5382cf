"""Results as text for machines."""

import json
from math import isfinite
from typing import TYPE_CHECKING

from klimit.cli.console import one_line

if TYPE_CHECKING:
    from klimit import Estimate

__all__ = ["cell", "estimate_cells", "json_line"]

Cell = str | int | float | bool | None


def json_line(value: object) -> str:
    """Strict JSON: what is not finite becomes a string.

    Args:
        value: Plain Python.

    Returns:
        One line.

    Example:
        >>> json_line({"beta": float("inf"), "kl": 0.5})
        '{"beta": "inf", "kl": 0.5}'
    """
    return json.dumps(_finite(value), allow_nan=False)


def _finite(value: object) -> object:
    match value:
        case float() if not isfinite(value):
            return str(value)
        case dict():
            return {key: _finite(item) for key, item in value.items()}
        case list() | tuple():
            return [_finite(item) for item in value]
        case _:
            return value


def cell(value: Cell) -> str:
    """A value in a line of tab-separated ones, at full precision.

    Args:
        value: The value.

    Returns:
        Its text, without tabs and line breaks.

    Example:
        >>> cell(0.1), cell(True), cell(None)
        ('0.1', 'true', '')
    """
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else one_line(str(value))


def estimate_cells(name: str, estimate: "Estimate") -> dict[str, Cell]:
    """The cells of an estimate in a row of several.

    Args:
        name: What is estimated.
        estimate: The estimate.

    Returns:
        The value under its name; its standard error and interval beside it.
    """
    return {
        name: estimate.value,
        f"{name}_standard_error": estimate.standard_error,
        f"{name}_low": estimate.low,
        f"{name}_high": estimate.high,
    }
