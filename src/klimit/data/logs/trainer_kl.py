"""The KL to the reference along a trainer's log, in nats a response."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Literal

from klimit.core.errors import InputError, InsufficientDataError
from klimit.data.logs.metrics import Record
from klimit.data.logs.says import LogOverrides
from klimit.data.logs.trainer_keys import (
    ABSENT,
    ENDS,
    KEYS,
    LENGTHS,
    LoggedKey,
    Trainer,
    trainer_of,
)
from klimit.estimate.divergence.logged import Average, LoggedKl, Term, convert_logged_kl

__all__ = ["LoggedStep", "TrainerKl", "trainer_kl"]


@dataclass(frozen=True, slots=True)
class LoggedStep:
    """One step of a log.

    Attributes:
        step: Its number.
        length: Mean length of its responses, or ``None``.
        kl: The divergence.
    """

    step: int
    length: float | None
    kl: LoggedKl


@dataclass(frozen=True, slots=True)
class TrainerKl:
    """The divergence along a training run.

    Attributes:
        trainer: What wrote the log.
        key: The number read.
        term: The term that it averages.
        average: Over what.
        told: Whether the log tells the term (``"told"``) or it is the trainer's default.
        steps: The steps that have the number.
    """

    trainer: Trainer
    key: str
    term: Term
    average: Average
    told: Literal["told", "default"]
    steps: tuple[LoggedStep, ...]


_INSTEAD = (
    "draw from the checkpoint, score the draws with policy and reference, and give klimit kl "
    "that table"
)


def trainer_kl(records: Sequence[Record], *, name: str, says: LogOverrides) -> TrainerKl:
    """Find and convert the divergences in a log.

    Args:
        records: The numbers of each step.
        name: What messages call the log.
        says: What the user says about it.

    Returns:
        The divergences.

    Raises:
        InputError: The trainer is not recognised.
        InsufficientDataError: The log holds no KL to the reference, or no lengths.
    """
    trainer = says.trainer or trainer_of(records, name=name)
    source, told = _source(records, trainer, name)
    rows = [record for record in records if isfinite(record.get(source.key, inf))]
    values = [row[source.key] for row in rows]
    if trainer == "openrlhf" and not any(values):
        raise InsufficientDataError(
            f"{name}: needed a KL to the reference, {source.key!r} is 0 in all {len(rows)} "
            f"steps: there was no reference model (kl.init_coef = 0); {_INSTEAD}"
        )
    term = says.term or ("k1" if min(values) < 0 else source.term)
    average = says.average or source.average
    try:
        steps = tuple(
            _step(row, at, trainer, LoggedKey(source.key, term, average), says)
            for at, row in enumerate(rows, start=1)
        )
    except (InputError, InsufficientDataError) as error:
        raise type(error)(f"{name}: {error}") from error
    told = "told" if says.term or min(values) < 0 else told
    return TrainerKl(trainer, source.key, term, average, told, steps)


def _source(
    records: Sequence[Record], trainer: Trainer, name: str
) -> tuple[LoggedKey, Literal["told", "default"]]:
    """The number to read: OpenRLHF's k1 where it is there, its own option else unknown."""
    known = [source for source in KEYS[trainer] if any(source.key in row for row in records)]
    if not known:
        raise InsufficientDataError(
            f"{name}: needed a KL to the reference, the log has none: {ABSENT[trainer]}; "
            f"{_INSTEAD}"
        )
    if trainer == "openrlhf":
        return known[-1], "told" if known[-1].key == "logprobs_diff" else "default"
    return known[0], "default"


def _step(
    row: Record, at: int, trainer: Trainer, source: LoggedKey, says: LogOverrides
) -> LoggedStep:
    logged = [row[key] for key in LENGTHS[trainer] if key in row]
    length = says.mean_length or (logged[0] if logged else None)
    ends = ENDS[trainer]
    return LoggedStep(
        int(row.get("step", at)),
        length,
        convert_logged_kl(
            row[source.key],
            term=source.term,
            average=source.average,
            mean_length=length,
            shortest=says.shortest or row.get(ends[0], 1.0),
            longest=says.longest or row.get(ends[1], inf),
            parts=says.parts or _responses(row, source.average),
        ),
    )


def _responses(row: Record, average: Average) -> int | None:
    count = row.get("rollout/num_samples")
    return int(count) if count is not None and average == "sequence" else None
