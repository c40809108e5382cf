"""Responses, left where they are until somebody reads one."""

from collections.abc import Sequence
from typing import overload

import numpy as np
import polars as pl
from jaxtyping import Int64

__all__ = ["Texts"]


class Texts(Sequence[str]):
    """A column of text as a sequence of strings, made one at a time.

    Ten million Python strings would take more memory than the table they come from. A missing
    response reads as an empty one.

    Args:
        column: The texts.
        order: Which of them to show, in order; ``None`` for all as they are.

    Example:
        >>> list(Texts(pl.Series(["a", "b", "c"]), np.array([2, 0])))
        ['c', 'a']
    """

    __slots__ = ("_column", "_order")

    def __init__(self, column: pl.Series, order: Int64[np.ndarray, " n"] | None = None) -> None:
        self._column = column
        self._order = order

    def __len__(self) -> int:
        """Number of texts."""
        return len(self._column) if self._order is None else int(self._order.size)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> "Texts": ...
    def __getitem__(self, index: int | slice) -> "str | Texts":
        """One text, or a view of several."""
        if isinstance(index, slice):
            order = np.arange(len(self)) if self._order is None else self._order
            return Texts(self._column, order[index])
        at = range(len(self))[index]
        text = self._column[at if self._order is None else int(self._order[at])]
        return "" if text is None else str(text)
