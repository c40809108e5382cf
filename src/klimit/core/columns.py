"""A table in a room: what is too wide is folded between columns, never inside a cell."""

from collections.abc import Sequence
from unicodedata import combining, east_asian_width

__all__ = ["columns_within"]

_GAP = 2


def columns_within(lines: Sequence[Sequence[str]], width: int) -> list[list[int]]:
    """Which columns to show together: all, or groups that each fit.

    Each group begins with the columns that tell the rows apart.

    Args:
        lines: Heads, then the cells of each row, all of one length.
        width: Characters to a line; two stand between columns.

    Returns:
        Indices of the columns of each group; a column that does not fit by itself is a group,
        one with nothing in it is left out.

    Example:
        >>> lines = [("n", "reward", "interval"), ("1", "0.32 ± 0.03", "0.25 … 0.39")]
        >>> columns_within(lines, 40)
        [[0, 1, 2]]
        >>> columns_within(lines, 20)
        [[0, 1], [0, 2]]
    """
    keys = _keys(lines)
    widths = [max(map(_width, column)) + _GAP for column in zip(*lines, strict=True)]
    room = width + _GAP - sum(widths[:keys])
    groups: list[list[int]] = [[*range(keys)]]
    used = 0
    for column in range(keys, len(widths)):
        if widths[column] == _GAP:
            continue
        if used and used + widths[column] > room:
            groups.append([*range(keys)])
            used = 0
        groups[-1].append(column)
        used += widths[column]
    return groups


def _keys(lines: Sequence[Sequence[str]]) -> int:
    """How many leading columns tell the rows apart; one if none do."""
    rows = lines[1:]
    for count in range(1, len(lines[0])):
        if len({tuple(row[:count]) for row in rows}) == len(rows):
            return count
    return 1


def _width(text: str) -> int:
    wide = sum(east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(combining(character) > 0 for character in text)
