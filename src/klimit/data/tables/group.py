"""Rows brought into one block a prompt, without moving them where they stand so already."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Float64, Int64, UInt

__all__ = ["Groups", "group", "repeated"]


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Blocks of rows of one prompt each.

    Attributes:
        prompts: The prompts in order of first appearance.
        offsets: Where each block begins and the last ends, shape ``(p + 1,)``.
        order: The rows in the order of the blocks; ``None`` where they stand so already.
    """

    prompts: tuple[str | int, ...]
    offsets: Int64[np.ndarray, " p1"]
    order: Int64[np.ndarray, " n"] | None

    def arrange(self, values: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
        """The values in the order of the blocks.

        Args:
            values: One a row.

        Returns:
            The same array where rows stand in blocks, else a new one.
        """
        return values if self.order is None else values[self.order]


def group(prompts: pl.Series) -> Groups:
    """Group rows by prompt; inside a block they keep their order.

    Args:
        prompts: The prompt of each row, none missing.

    Returns:
        The blocks.

    Example:
        >>> group(pl.Series(["a", "b", "a"])).order
        array([0, 2, 1])
    """
    begins = (prompts != prompts.shift()).fill_null(value=True).arg_true()
    heads = prompts.gather(begins)
    bounds = np.append(begins.to_numpy().astype(np.int64), len(prompts))
    unique = heads.unique(maintain_order=True)
    if len(unique) == len(heads):
        return Groups(tuple(heads), bounds, None)
    names = unique.cast(pl.String)
    codes = np.repeat(_codes(heads.cast(pl.String), names), np.diff(bounds))
    order = np.argsort(codes, kind="stable")
    counts = np.bincount(codes, minlength=len(unique))
    return Groups(tuple(unique), np.concatenate([[0], np.cumsum(counts)]), order)


def _codes(prompts: pl.Series, unique: pl.Series) -> UInt[np.ndarray, " n"]:
    """The place of each prompt in ``unique``, in 16 bits if they do: numpy sorts those fast."""
    codes = prompts.cast(pl.Enum(unique)).to_physical().to_numpy()
    return codes.astype(np.uint16) if len(unique) <= 1 << 16 else codes


def repeated(groups: Groups, draw: Float64[np.ndarray, " n"]) -> tuple[int, int] | None:
    """Two rows with the same number of draw for one prompt.

    Args:
        groups: The blocks.
        draw: Number of each row's draw, ``nan`` where unknown.

    Returns:
        Indices of the two rows, the earlier first, or ``None``.

    Example:
        >>> groups = group(pl.Series(["a", "a", "b", "a"]))
        >>> repeated(groups, np.array([0.0, 1.0, 0.0, 1.0]))
        (1, 3)
    """
    number = groups.arrange(draw)
    rising = np.diff(number) > 0
    rising[groups.offsets[1:-1] - 1] = True
    if rising.all():
        return None
    block = np.repeat(np.arange(len(groups.prompts)), np.diff(groups.offsets))
    sorting = np.lexsort((number, block))
    same = (np.diff(number[sorting]) == 0) & (np.diff(block[sorting]) == 0)
    if not same.any():
        return None
    at = int(np.flatnonzero(same)[0])
    pair = sorting[at : at + 2] if groups.order is None else groups.order[sorting[at : at + 2]]
    return int(pair.min()), int(pair.max())
