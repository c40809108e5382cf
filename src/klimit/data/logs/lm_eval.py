"""Samples of lm-evaluation-harness: ``samples_<task>_<date>.jsonl`` of ``--log_samples``.

A line a document and filter: doc_id, target, arguments, resps (a list a request, in it one
response a repeat), filtered_resps, filter, and the value of each metric listed in metrics
(lm_eval/evaluator.py and result_schema.py, 0.4.13).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from klimit.core.errors import InputError
from klimit.core.lines import shown
from klimit.data.logs.files import single_file
from klimit.data.logs.names import the_reward
from klimit.data.logs.rows import TakenTable
from klimit.data.tables.choose import Wanted
from klimit.data.tables.lines import LinesTable
from klimit.data.tables.load import open_table
from klimit.data.tables.table import Table, listed

__all__ = ["open_lm_eval"]

MATCH = "match"


@dataclass(frozen=True, slots=True)
class _Sample:
    """One line: a document with all its repeats."""

    row: int
    doc: object
    prompt: str
    target: str
    raw: list[str]
    filtered: list[str]
    metrics: dict[str, object]
    filter: str


def open_lm_eval(source: object, wanted: Wanted) -> tuple[Table, Wanted]:
    """Open a file of samples, a repeat a draw.

    A metric serves as the reward where it has a value for each repeat, or where there is one
    repeat. The reward ``match`` is 1 where a response is the target and 0 elsewhere. A file of
    several filters needs one of them as ``policy``.

    Args:
        source: The file, or a folder with one.
        wanted: What the user asked for.

    Returns:
        The draws, with the columns prompt, doc_id, draw, response, filter and the metrics.

    Raises:
        InputError: These are no samples of generations, or a metric is one number for all
            repeats.
    """
    table = open_table(single_file(source, "samples_*.jsonl", what="task"))
    if not isinstance(table, LinesTable):
        raise InputError(f"{table.name}: needed JSON lines that --log_samples writes")
    samples = [_sample(table, row, record) for row, record in table.records()]
    samples = _of_one_filter(table, samples, wanted.policy)
    metrics = list(samples[0].metrics)
    reward = wanted.reward
    if reward != MATCH:
        reward = the_reward(table, reward, metrics, what="metrics")
    rewards = {reward: [_rewards(table, sample, reward) for sample in samples]}
    for name in metrics:
        values = [_each(sample, name) for sample in samples]
        if name != reward and all(value is not None for value in values):
            rewards[name] = [value or [] for value in values]
    return _draws(table.name, samples, rewards), replace(wanted, reward=reward, policy=None)


def _draws(
    name: str, samples: list[_Sample], rewards: dict[str, list[list[object]]]
) -> TakenTable:
    counts = [len(sample.raw) for sample in samples]
    frame = pl.DataFrame(
        {
            "prompt": [sample.prompt for sample in samples for _ in sample.raw],
            "doc_id": [sample.doc for sample in samples for _ in sample.raw],
            "draw": [draw for count in counts for draw in range(count)],
            "response": [text for sample in samples for text in sample.raw],
        }
        | {name: [value for row in rows for value in row] for name, rows in rewards.items()},
        strict=False,
    )
    rows = np.repeat(np.array([sample.row for sample in samples], dtype=np.int64), counts)
    return TakenTable(name, frame, rows)


def _sample(table: Table, row: int, record: Mapping[str, object]) -> _Sample:
    match record:
        case {
            "doc_id": doc,
            "target": target,
            "arguments": arguments,
            "resps": [[str(), *_] as raw],
            "filtered_resps": [filtered],
            "metrics": list(metrics),
        }:
            return _Sample(
                row,
                doc,
                _prompt(arguments),
                str(target),
                [str(text) for text in raw],
                [str(text) for text in filtered]
                if isinstance(filtered, list)
                else [str(filtered)],
                {str(name): record.get(str(name)) for name in metrics},
                str(record.get("filter", "none")),
            )
    raise InputError(
        f"{table.name}: row {row}: needed a sample of one generated request (doc_id, target, "
        f"arguments, resps, filtered_resps, metrics), got {listed(list(record))}; "
        "multiple-choice tasks have no draws"
    )


def _prompt(arguments: object) -> str:
    """The first argument of the first request, in the newer form and in the older."""
    match arguments:
        case {"gen_args_0": {"arg_0": text}} | [[text, *_], *_]:
            return str(text)
        case _:
            return str(arguments)


def _of_one_filter(table: Table, samples: list[_Sample], asked: str | None) -> list[_Sample]:
    known = list(dict.fromkeys(sample.filter for sample in samples))
    if not known:
        raise InputError(f"{table.name}: needed at least one sample, got none")
    if asked is None and len(known) > 1:
        raise InputError(
            f"{table.name}: needed the samples of one filter, got {listed(known)}; take one "
            f"with policy={shown(known[0])} (--policy {known[0]})"
        )
    if asked is not None and asked not in known:
        raise InputError(f"{table.name}: needed the filter {shown(asked)}, got {listed(known)}")
    return [sample for sample in samples if asked in (None, sample.filter)]


def _each(sample: _Sample, metric: str) -> list[object] | None:
    """The metric of each repeat, if it has one for each."""
    value = sample.metrics.get(metric)
    values = value if isinstance(value, list) else [value]
    return values if len(values) == len(sample.raw) else None


def _rewards(table: Table, sample: _Sample, reward: str) -> list[object]:
    if reward == MATCH:
        return _matches(table, sample)
    values = _each(sample, reward)
    if values is not None:
        return values
    raise InputError(
        f"{table.name}: row {sample.row}, column {shown(reward)}: needed a value for each of "
        f"the {len(sample.raw)} repeats, got one for all, {shown(sample.metrics.get(reward))}; "
        "let process_results return a list, or count the responses that are the target with "
        f"reward={MATCH!r} (--reward {MATCH})"
    )


def _matches(table: Table, sample: _Sample) -> list[object]:
    texts = sample.raw if sample.filter == "none" else sample.filtered
    if len(texts) != len(sample.raw):
        raise InputError(
            f"{table.name}: row {sample.row}: needed the filtered response of each of the "
            f"{len(sample.raw)} repeats, the filter {shown(sample.filter)} keeps fewer; end it "
            f"with take_first_k, k = {len(sample.raw)}"
        )
    return [float(text.strip() == sample.target.strip()) for text in texts]
