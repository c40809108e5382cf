"""Draws taken out of rows that hold several."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Int64

from klimit.data.tables.table import Columns, Kind, kinds_of

__all__ = ["TakenTable"]


@dataclass(frozen=True, slots=True, eq=False)
class TakenTable:
    """One row a draw, made from a log whose rows hold several or are nested.

    Attributes:
        name: What messages call the log.
        frame: The draws.
        rows: Row of the log that each draw comes from, counted from 1, shape ``(n,)``.
    """

    name: str
    frame: pl.DataFrame
    rows: Int64[np.ndarray, " n"]

    def kinds(self) -> Mapping[str, Kind]:
        """Name and kind of each column."""
        return kinds_of(self.frame.lazy())

    def read(self, columns: Columns) -> pl.DataFrame:
        """Take the columns.

        Args:
            columns: Those wanted.

        Returns:
            A frame with them.
        """
        return self.frame.select(columns.names)

    def row(self, index: int) -> int:
        """Rows are those of the log."""
        return int(self.rows[index])
