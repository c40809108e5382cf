"""The formats of tables and logs, by name; light, for the command line."""

import difflib
from typing import Literal, get_args

from klimit.core.errors import InputError

__all__ = ["Format", "LogFormat", "TableFormat", "format_named", "log_format", "table_format"]

TableFormat = Literal["parquet", "arrow", "jsonl", "json", "csv"]
"""Tables of one row a draw."""

LogFormat = Literal["trl", "verl", "openrlhf", "inspect_ai", "lm_eval", "datasets"]
"""What other tools write, by the tool."""

Format = Literal[TableFormat, LogFormat]

_ALSO_CALLED = {
    "inspect": "inspect_ai",
    "lm_evaluation_harness": "lm_eval",
    "huggingface": "datasets",
    "hf": "datasets",
    "ndjson": "jsonl",
    "feather": "arrow",
    "tsv": "csv",
}


def format_named(name: str) -> Format:
    """The format that a name stands for, hyphens and other common names allowed.

    Args:
        name: The name.

    Returns:
        The format.

    Raises:
        InputError: There is none of that name.

    Example:
        >>> format_named("lm-eval")
        'lm_eval'
    """
    plain = name.strip().lower().replace("-", "_")
    found = _ALSO_CALLED.get(plain, plain)
    for known in get_args(Format):
        if known == found:
            return known  # type: ignore[no-any-return]
    close = difflib.get_close_matches(plain, get_args(Format), n=1)
    advice = f"; did you mean {close[0]!r}?" if close else ""
    raise InputError(
        f"format must be one of {', '.join(get_args(Format))}, got {name!r}{advice}"
    )


def log_format(name: str | None) -> LogFormat | None:
    """The format of that name, if it is one of a log.

    Args:
        name: Name of a format, or ``None``.

    Returns:
        The name, or ``None``.

    Example:
        >>> log_format("trl"), log_format("csv")
        ('trl', None)
    """
    return next((known for known in get_args(LogFormat) if known == name), None)


def table_format(name: str | None) -> TableFormat | None:
    """The format of that name, if it is one of a table.

    Args:
        name: Name of a format, or ``None``.

    Returns:
        The name, or ``None``.

    Example:
        >>> table_format("trl"), table_format("csv")
        (None, 'csv')
    """
    return next((known for known in get_args(TableFormat) if known == name), None)
