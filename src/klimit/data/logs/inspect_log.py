"""Logs of inspect_ai, through its own reader: an epoch of a sample is a draw.

Scores of the letters C, P, I and N count as 1, 0.5, 0 and 0, as inspect_ai counts them;
scorers that return several values give columns ``scorer/name``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Protocol, runtime_checkable

import numpy as np
import polars as pl

from klimit.core.errors import InputError, MissingExtraError
from klimit.core.lines import shown
from klimit.data.logs.files import single_file
from klimit.data.logs.names import the_reward
from klimit.data.logs.rows import TakenTable
from klimit.data.tables.choose import Wanted
from klimit.data.tables.table import Table

__all__ = ["open_inspect"]

_LETTERS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
_WORDS = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}


@runtime_checkable
class _Score(Protocol):
    value: object


@runtime_checkable
class _Usage(Protocol):
    output_tokens: int


@runtime_checkable
class _Output(Protocol):
    choices: Sequence[object]
    completion: str
    stop_reason: str
    usage: _Usage | None


@runtime_checkable
class _Sample(Protocol):
    id: int | str
    epoch: int
    input: object
    output: _Output
    scores: Mapping[str, _Score] | None


def open_inspect(source: object, wanted: Wanted) -> tuple[Table, Wanted]:
    """Open a log, ``.eval`` or ``.json``.

    Args:
        source: The file, or a folder with one.
        wanted: What the user asked for.

    Returns:
        The draws, with the columns prompt, id, draw (the epoch), response, tokens, finished
        and one a scorer.

    Raises:
        InputError: It is no log, holds no samples, or has several scorers and none was named.
        MissingExtraError: inspect_ai is not installed.
    """
    path = single_file(source, "*.eval", what="run")
    if not isinstance(path, str):
        raise InputError(f"needed the path of a log of inspect_ai, got {shown(path)}")
    columns: dict[str, list[object]] = {}
    scorers: dict[str, None] = {}
    count = 0
    for count, sample in enumerate(_samples(path), start=1):
        row = _row(sample)
        scores = dict(_scores(sample))
        scorers |= dict.fromkeys(scores)
        for name, value in (row | scores).items():
            cells = columns.setdefault(name, [])
            cells += [None] * (count - 1 - len(cells))
            cells.append(value)
    if not count:
        raise InputError(f"{path}: needed samples, the log has none (was it run to the end?)")
    frame = pl.DataFrame([_series(name, cells, count) for name, cells in columns.items()])
    table = TakenTable(path, frame, np.arange(1, count + 1))
    reward = the_reward(table, wanted.reward, list(scorers), what="scorers")
    return table, replace(wanted, reward=reward)


def _samples(path: str) -> Iterable[_Sample]:
    try:
        reader = import_module("inspect_ai.log")
    except ModuleNotFoundError as error:
        raise MissingExtraError("reading logs of inspect_ai", "inspect") from error
    try:
        samples: Iterable[_Sample] = reader.read_eval_log(path).samples or ()
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"{path}: needed a log of inspect_ai, got none ({reason})") from error
    return samples


def _row(sample: _Sample) -> dict[str, object]:
    output = sample.output
    reason = output.stop_reason if output.choices else None  # none where the sample failed
    known = {"stop": 1, "max_tokens": 0, "model_length": 0}
    usage = output.usage
    return {
        "prompt": _text(sample.input),
        "id": str(sample.id),
        "draw": sample.epoch,
        "response": output.completion,
        "tokens": None if usage is None else usage.output_tokens,
        "finished": None if reason is None else known.get(reason),
    }


def _text(messages: object) -> str:
    """A prompt as text; conversations as the texts of their messages."""
    if not isinstance(messages, list):
        return str(messages)
    return "\n".join(str(getattr(message, "text", message)) for message in messages)


def _scores(sample: _Sample) -> Iterator[tuple[str, object]]:
    for name, score in (sample.scores or {}).items():
        if isinstance(score.value, Mapping):
            for part, value in score.value.items():
                yield f"{name}/{part}", _number(value)
        else:
            yield name, _number(score.value)


def _number(value: object) -> object:
    """The value as a number, where it is one or has one; else as it is."""
    if not isinstance(value, str):
        return float(value) if isinstance(value, bool | int | float) else str(value)
    if value in _LETTERS:
        return _LETTERS[value]
    if value.lower() in _WORDS:
        return _WORDS[value.lower()]
    try:
        return float(value)
    except ValueError:
        return value


def _series(name: str, values: list[object], count: int) -> pl.Series:
    """A column of numbers, or of text where one cell is none."""
    cells = values + [None] * (count - len(values))
    if any(isinstance(cell, str) for cell in cells):
        return pl.Series(name, [None if cell is None else str(cell) for cell in cells])
    return pl.Series(name, cells, dtype=pl.Float64)
