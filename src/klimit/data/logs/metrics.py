"""What trainers log at each step, as flat records of numbers."""

import json
from collections.abc import Iterator, Mapping

from klimit.core.errors import InputError
from klimit.data.tables.content import Content
from klimit.data.tables.lines import LinesTable

__all__ = ["metric_records"]

_DRAWS = frozenset({"prompt", "log_prob_policy", "log_prob_reference", "kl_exact"})
_PREFIX = "train/"

Record = Mapping[str, float]


def metric_records(content: Content) -> list[Record] | None:
    """The steps of a trainer's log.

    Read are ``trainer_state.json`` of transformers' Trainer, its ``log_history`` alone, and
    JSON lines with an object a step, flat or as verl's file logger writes them
    (``{"step": 1, "data": {...}}``). The prefix ``train/`` of trackers is left out, and so is
    whatever is no number.

    Args:
        content: The file.

    Returns:
        The numbers of each step, or ``None`` for a table of draws or what is not JSON.

    Raises:
        InputError: It is broken JSON.
    """
    head = content.head.lstrip()
    if not head.startswith((b"{", b"[")):
        return None
    first = _first_object(content)
    if first is not None and _DRAWS.intersection(first):
        return None
    if first is None or "log_history" in first or head.startswith(b"["):
        objects = _history(content)
    else:
        objects = (record for _, record in LinesTable(content).records())
    return [_flat(record) for record in objects]


def _first_object(content: Content) -> dict[str, object] | None:
    """The first line, if it is an object of its own."""
    for _, line in content.lines():
        if line.strip():
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                return None
            first = found[0] if isinstance(found, list) and found else found
            return first if isinstance(first, dict) else None
    return None


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
        str(name).removeprefix(_PREFIX): float(value)
        for name, value in {**record, **inner}.items()
        if isinstance(value, int | float)
    }
