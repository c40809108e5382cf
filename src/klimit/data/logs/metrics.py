"""What trainers log at each step, as flat records of numbers."""

import json
from collections.abc import Iterator, Mapping

import polars as pl

from klimit.core.errors import InputError
from klimit.data.tables.content import Content
from klimit.data.tables.lines import LinesTable
from klimit.data.tables.load import table_of
from klimit.data.tables.sniff import sniff
from klimit.data.tables.table import FrameTable

__all__ = ["metric_records"]

_DRAWS = frozenset({"prompt", "log_prob_policy", "log_prob_reference", "kl_exact"})
_METRICS = frozenset(
    {
        "kl",
        "objective/kl",
        "logprobs_diff",
        "actor/kl_loss",
        "actor/reward_kl_penalty",
        "completions/mean_length",
        "response_length/mean",
        "rollout/response_length_mean",
    }
)
_PREFIX = "train/"
_STEP = {"_step": "step", "Step": "step", "global_step": "step"}

Record = Mapping[str, float]


def metric_records(content: Content) -> list[Record] | None:
    """The steps of a trainer's log.

    Read are ``trainer_state.json`` of transformers' Trainer, its ``log_history`` alone, JSON
    lines with an object a step, flat or as verl's file logger writes them
    (``{"step": 1, "data": {...}}``), and tables with a column a number, as trackers export
    them. The prefix ``train/`` and the name of the run that they add are left out, and so is
    whatever is no number.

    Args:
        content: The file.

    Returns:
        The numbers of each step, or ``None`` for a table of draws.

    Raises:
        InputError: It is broken JSON.
    """
    head = content.head.lstrip()
    if not head.startswith((b"{", b"[")):
        return _table(content)
    first = _first_object(content)
    if first is not None and _DRAWS.intersection(first):
        return None
    if first is None or "log_history" in first or head.startswith(b"["):
        objects = _history(content)
    else:
        objects = (record for _, record in LinesTable(content).records())
    return [_flat(record) for record in objects]


def _table(content: Content) -> list[Record] | None:
    table = table_of(content, sniff(content.head, name=content.name))
    names = {_name(name) for name in table.kinds()}
    if names & _DRAWS or not names & _METRICS:
        return None
    if isinstance(table, FrameTable):
        frame = table.frame.collect()
    else:
        frame = pl.read_csv(content.source(), infer_schema_length=None)
    return [_flat(row) for row in frame.iter_rows(named=True)]


def _name(name: str) -> str:
    """A number's name without what a tracker puts before it: the run, and ``train/``."""
    plain = name.rpartition(" - ")[2].removeprefix(_PREFIX)
    return _STEP.get(plain, plain)


def _first_object(content: Content) -> dict[str, object] | None:
    """The first line, if it is an object of its own."""
    line = next(line for _, line in content.lines() if line.strip())
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    first = found[0] if isinstance(found, list) and found else found
    return first if isinstance(first, dict) else None


def _history(content: Content) -> Iterator[dict[str, object]]:
    text = "".join(line for _, line in content.lines())
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{content.name}: needed the state or the log of a trainer, got broken JSON "
            f"({error})"
        ) from error
    history = found.get("log_history") if isinstance(found, dict) else found
    if not isinstance(history, list):
        raise InputError(
            f"{content.name}: needed trainer_state.json with its log_history, or JSON lines "
            "with an object a step, got one JSON object without"
        )
    return (record for record in history if isinstance(record, dict))


def _flat(record: Mapping[str, object]) -> Record:
    data = record.get("data")
    inner = data if isinstance(data, Mapping) else {}
    return {
        _name(str(name)): float(value)
        for name, value in {**record, **inner}.items()
        if isinstance(value, int | float)
    }
