"""From the name of a format to the adapter that reads it."""

import importlib
from collections.abc import Callable
from pathlib import Path

from klimit.core.errors import InputError
from klimit.data.formats import LogFormat
from klimit.data.tables.choose import Wanted
from klimit.data.tables.table import Table

__all__ = ["Adapter", "open_log", "recognised"]

Adapter = Callable[[object, Wanted], tuple[Table, Wanted]]
"""Opens a log: what the user named and asked for; the table, and what that is called there."""

ADAPTERS: dict[LogFormat, str] = {
    "trl": "klimit.data.logs.trl:open_trl",
    "verl": "klimit.data.logs.verl:open_verl",
    "openrlhf": "klimit.data.logs.openrlhf:open_openrlhf",
    "inspect_ai": "klimit.data.logs.inspect_log:open_inspect",
    "lm_eval": "klimit.data.logs.lm_eval:open_lm_eval",
    "datasets": "klimit.data.logs.datasets:open_dataset",
}


def open_log(source: object, wanted: Wanted, *, name: LogFormat) -> tuple[Table, Wanted]:
    """Open the log of another tool as a table of draws.

    Args:
        source: A path, or a table in memory where the format allows one.
        wanted: What the user asked for.
        name: The format.

    Returns:
        The table, and what was asked for by the names it has there.

    Raises:
        InputError: The log is not of that format, or does not hold what was asked for.
    """
    module, _, function = ADAPTERS[name].partition(":")
    adapter: Adapter = getattr(importlib.import_module(module), function)
    return adapter(source, wanted)


def recognised(source: object) -> LogFormat | None:
    """The format of a log that its name gives away.

    Args:
        source: What the user named.

    Returns:
        The format, or ``None``.

    Raises:
        InputError: The name holds a zero byte.
    """
    if not isinstance(source, str):
        return None
    path = Path(source)
    try:
        if path.suffix == ".eval":
            return "inspect_ai"
        if (path / "dataset_info.json").is_file() or (path / "dataset_dict.json").is_file():
            return "datasets"
    except (OSError, ValueError) as error:
        raise InputError(f"{source!r}: cannot be read: {error}") from error
    return None
