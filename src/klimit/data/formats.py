"""The formats of tables and logs, by name; imports nothing."""

from typing import Literal, get_args

__all__ = ["Format", "LogFormat", "TableFormat", "log_format", "table_format"]

TableFormat = Literal["parquet", "arrow", "jsonl", "json", "csv"]
"""Tables of one row a draw."""

LogFormat = Literal["trl", "verl", "openrlhf", "inspect_ai", "lm_eval", "datasets"]
"""What other tools write, by the tool."""

Format = TableFormat | LogFormat


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
