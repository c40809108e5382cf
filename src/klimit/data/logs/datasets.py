"""Data sets that Hugging Face's ``save_to_disk`` wrote, with lists of draws in each row.

``state.json`` names the Arrow files of the folder; a folder with ``dataset_dict.json`` holds
one such folder a split. Neither needs the datasets package.
"""

import json
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from klimit.core.errors import InputError
from klimit.core.lines import shown
from klimit.data.logs.rows import TakenTable
from klimit.data.tables.choose import Wanted
from klimit.data.tables.load import open_table
from klimit.data.tables.table import FrameTable, Table, listed

__all__ = ["open_dataset"]

_REWARDS = ("scores", "rewards", "reward", "score")
_TEXTS = ("responses", "completions", "outputs", "generations", "completion", "output")


def open_dataset(source: object, wanted: Wanted) -> tuple[Table, Wanted]:
    """Open a folder, or a Parquet or Arrow file, whose rows hold lists of draws.

    Where the reward is a list, it and every list of the same length in each row are taken
    apart, a draw an entry. Where it is a number, the table is read as it is.

    Args:
        source: The folder or file, or a table in memory.
        wanted: What the user asked for.

    Returns:
        The table and the names in it.

    Raises:
        InputError: The folder is none of these, holds several splits, or a row has more
            responses than rewards or fewer.
    """
    table = _open(source)
    if not isinstance(table, FrameTable):
        return table, wanted
    schema = table.frame.collect_schema()
    reward = _first(wanted.reward, "reward", _REWARDS, schema)
    texts = wanted.texts and _first(wanted.texts, "response", _TEXTS, schema)
    names = replace(wanted, reward=reward, texts=texts)
    if not isinstance(schema.get(reward), pl.List | pl.Array):
        return table, names
    return _taken(table.name, table.frame.collect(), names), names


def _open(source: object) -> Table:
    if not isinstance(source, str) or not Path(source).is_dir():
        return open_table(source)
    folder = Path(source)
    splits = folder / "dataset_dict.json"
    if splits.is_file():
        known = [str(folder / name) for name in _json(splits).get("splits", [])]
        if len(known) == 1:
            return _open(known[0])
        raise InputError(
            f"{source}: needed one split, got {listed(known)}; name one, {shown(known[0])} say"
        )
    state = folder / "state.json"
    if not state.is_file():
        raise InputError(
            f"{source}: needed a data set that save_to_disk wrote, got a folder without "
            "state.json and dataset_dict.json"
        )
    parts = [str(folder / part["filename"]) for part in _json(state).get("_data_files", [])]
    if not parts:
        raise InputError(f"{source}: needed draws, got a data set without data files")
    frames = [part.frame for part in map(open_table, parts) if isinstance(part, FrameTable)]
    return FrameTable(source, pl.concat(frames))


def _json(path: Path) -> dict[str, list]:  # type: ignore[type-arg]
    try:
        found: dict[str, list] = json.loads(path.read_text())  # type: ignore[type-arg]
    except ValueError as error:
        raise InputError(
            f"{path}: needed JSON, got {error}; save the data set again"
        ) from error
    return found


def _first(asked: str, default: str, others: tuple[str, ...], schema: Collection[str]) -> str:
    """The column asked for, or the first of its usual names where none was."""
    if asked != default or default in schema:
        return asked
    return next((name for name in others if name in schema), asked)


def _taken(name: str, frame: pl.DataFrame, wanted: Wanted) -> TakenTable:
    lists = [
        column
        for column, kind in frame.schema.items()
        if isinstance(kind, pl.List | pl.Array) and column != wanted.prompt
    ]
    frame = frame.with_columns(
        pl.col(column).arr.to_list()
        for column in lists
        if isinstance(frame.schema[column], pl.Array)
    )
    lengths = frame.select(pl.col(lists).list.len())
    count = lengths[wanted.reward]
    if wanted.texts in lists:
        odd = lengths[wanted.texts].ne_missing(count).arg_true()
        if odd.len():
            at = int(odd[0])
            raise InputError(
                f"{name}: row {at + 1}: needed as many entries in {shown(wanted.texts)} as in "
                f"{shown(wanted.reward)}, got {lengths[wanted.texts][at]} and {count[at]}"
            )
    alike = [column for column in lists if lengths[column].ne_missing(count).sum() == 0]
    kept = [column for column in frame.columns if column not in lists or column in alike]
    nothing = frame.select(  # a row without draws becomes a draw without reward, to be reported
        pl.when(pl.col(column).list.len().fill_null(0) > 0)
        .then(pl.col(column))
        .otherwise(pl.lit(pl.Series([[None]], dtype=frame.schema[column])))
        .alias(column)
        for column in alike
    )
    rows = np.repeat(np.arange(1, frame.height + 1), np.maximum(count.fill_null(0), 1))
    return TakenTable(
        name, frame.select(kept).with_columns(nothing).explode(alike), rows.astype(np.int64)
    )
