"""What every kind of table can do, and tables that polars reads without our help."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar, runtime_checkable

import polars as pl

from klimit.core.errors import InputError
from klimit.core.lines import shown

__all__ = ["Columns", "FrameTable", "Table", "kinds_of", "listed"]

Kind = Literal["float", "integer", "boolean", "text", "other"]

ROW = "\0row"
"""Column that carries the index of each row through filters; no table has one of that name."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns to read, by their names in the table.

    Attributes:
        prompt: Column with the prompt.
        reward: Column with the reward.
        numbers: Further columns of numbers.
        optional: Those of them that nobody asked for by name: left out where not numbers.
        texts: Column with the responses, or ``None``.
        policy: Column with the policy, or ``None``.
        complete: Those of the numbers that every draw needs, as it needs a reward.
    """

    prompt: str
    reward: str
    numbers: tuple[str, ...]
    optional: frozenset[str]
    texts: str | None
    policy: str | None
    complete: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """All of them, each once."""
        single = [self.prompt, self.reward, *self.numbers, self.texts, self.policy]
        return list(dict.fromkeys(name for name in single if name is not None))


@runtime_checkable
class Table(Protocol):
    """A table whose columns are known and not yet read."""

    @property
    def name(self) -> str:
        """What messages call the table."""

    def kinds(self) -> Mapping[str, Kind]:
        """Name and kind of each column."""

    def read(self, columns: Columns) -> pl.DataFrame:
        """The columns, each of whatever type it has; columns that are no numbers may lack."""

    def row(self, index: int) -> int:
        """The number that a person gives the row at ``index`` of what was read, from 1."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameTable:
    """A table that has types of its own: Parquet, Arrow, a data frame.

    Attributes:
        name: What messages call the table.
        frame: The table.
    """

    name: str
    frame: pl.LazyFrame

    def kinds(self) -> Mapping[str, Kind]:
        """Name and kind of each column."""
        return self._guard(lambda: kinds_of(self.frame))

    def read(self, columns: Columns) -> pl.DataFrame:
        """Read the columns.

        Args:
            columns: Those wanted.

        Returns:
            A frame with them.

        Raises:
            InputError: The file is damaged.
        """
        return self._guard(self.frame.select(columns.names).collect)

    def row(self, index: int) -> int:
        """Rows count from 1."""
        return index + 1

    def _guard(self, act: Callable[[], _T]) -> _T:
        try:
            return act()
        except pl.exceptions.DuplicateError as error:
            reason = str(error).partition("\n")[0]
            raise InputError(
                f"{self.name}: needed columns of different names, got {reason}; rename one"
            ) from error
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            reason = str(error).partition("\n")[0]
            raise InputError(
                f"{self.name}: needed a whole table, got one that is cut off or damaged or "
                f"holds a type that is not read ({reason}); write it again, numbers as floats"
            ) from error


def kinds_of(frame: pl.LazyFrame) -> dict[str, Kind]:
    """What sort of values each column holds.

    Args:
        frame: The table.

    Returns:
        A kind for each.

    Example:
        >>> kinds_of(pl.LazyFrame({"prompt": ["a"], "reward": [0.5]}))
        {'prompt': 'text', 'reward': 'float'}
    """
    found: dict[str, Kind] = {}
    for name, kind in frame.collect_schema().items():
        if kind == pl.String:
            found[name] = "text"
        elif kind == pl.Boolean:
            found[name] = "boolean"
        elif kind.is_integer():
            found[name] = "integer"
        else:
            found[name] = "float" if kind.is_numeric() else "other"
    return found


def listed(names: Sequence[str]) -> str:
    """Names as messages list them.

    Args:
        names: The names.

    Returns:
        At most twenty of them.
    """
    some = ", ".join(shown(name) for name in names[:20])
    return some + f" and {len(names) - 20} more" if len(names) > 20 else some
