"""The steps from a table to draws."""

import json
import shlex
from typing import Literal

import numpy as np
import polars as pl
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.core.lines import shown
from klimit.data.tables.choose import Wanted, choose
from klimit.data.tables.group import Groups, group, repeated
from klimit.data.tables.rewards import numbers, with_rewards
from klimit.data.tables.table import ROW, Columns, Table, listed
from klimit.data.tables.texts import Texts
from klimit.estimate.draws import Draws

__all__ = ["draws_of"]


def draws_of(table: Table, wanted: Wanted, *, missing: Literal["fail", "drop"]) -> Draws:
    """Read, check and group the draws of a table.

    Args:
        table: The table.
        wanted: The columns asked for.
        missing: What to do about draws without a reward.

    Returns:
        The draws.

    Raises:
        InputError: The table is not what it should be.
    """
    columns = choose(table, wanted)
    frame = table.read(columns).with_row_index(ROW)
    if not frame.height:
        raise InputError(
            f"{table.name}: needed at least one draw, got a table without rows "
            f"(columns {listed(list(table.kinds()))}); draw responses first"
        )
    frame = _of_one_policy(table, frame, columns, wanted.policy)
    frame = _with_prompts(table, frame, columns.prompt)
    frame = with_rewards(table, frame, columns, missing=missing)
    groups = group(frame[columns.prompt])
    if "draw" in columns.numbers and "draw" in frame:
        _refuse_repeated(table, frame, groups)
    further = {
        name: groups.arrange(_array(numbers(table, frame, own)))
        for name, own in wanted.numbers(columns).items()
        if own in frame
    }
    texts = None if columns.texts is None else Texts(frame[columns.texts], groups.order)
    rewards = groups.arrange(_array(frame[columns.reward]))
    try:
        return Draws.from_blocks(groups.prompts, groups.offsets, rewards, further, texts)
    except InputError as error:
        raise InputError(f"{table.name}: {error}") from error


def _array(column: pl.Series) -> Float64[np.ndarray, " n"]:
    """The numbers, ``nan`` where there is none."""
    return column.fill_null(np.nan).to_numpy()


def _of_one_policy(
    table: Table, frame: pl.DataFrame, columns: Columns, policy: str | None
) -> pl.DataFrame:
    if columns.policy is None:
        return frame
    names = frame[columns.policy].cast(pl.String).fill_null("")
    known = names.unique(maintain_order=True).to_list()
    if policy is None and len(known) == 1:
        return frame
    if policy is None:
        raise InputError(
            f"{table.name}: column {shown(columns.policy)}: needed draws of one policy, got "
            f"{len(known)} ({listed(known)}); take one with policy={shown(known[0])} "
            f"(--policy {shlex.quote(known[0])})"
        )
    if policy not in known:
        raise InputError(
            f"{table.name}: column {shown(columns.policy)}: needed draws of "
            f"{shown(policy)}, got {listed(known)}"
        )
    return frame.filter(names == policy)


def _with_prompts(table: Table, frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Prompts as text or integers, none missing."""
    prompts = frame[name]
    if prompts.null_count():
        row = table.row(frame[ROW][int(prompts.is_null().arg_true()[0])])
        raise InputError(
            f"{table.name}: row {row}, column {shown(name)}: needed a prompt, text or id, got "
            f"nothing ({prompts.null_count()} of {frame.height} are missing); fill it in or "
            "remove the row"
        )
    kind = prompts.dtype
    if kind == pl.String or kind.is_integer():
        return frame
    if kind.is_float():
        _require_prompts(table, frame, name, ~prompts.is_finite())
        whole = ((prompts == prompts.round()) & (prompts.abs() < 2**63)).all()
        return frame.with_columns(prompts.cast(pl.Int64 if whole else pl.String))
    if kind == pl.Binary:
        texts = pl.Series(name, [_decoded(prompt) for prompt in prompts], dtype=pl.String)
        _require_prompts(table, frame, name, texts.is_null())
        return frame.with_columns(texts)
    if kind.is_nested():  # chat messages: the conversation as JSON
        wrapped = frame.select(pl.struct(name).struct.json_encode()).to_series()
        messages = wrapped.str.head(-1).str.slice(len(json.dumps(name)) + 2)
        return frame.with_columns(messages.alias(name))
    if kind == pl.Object:
        return frame.with_columns(pl.Series(name, [str(prompt) for prompt in prompts]))
    return frame.with_columns(prompts.cast(pl.String))


def _decoded(prompt: bytes) -> str | None:
    try:
        return prompt.decode()
    except UnicodeDecodeError:
        return None


def _require_prompts(table: Table, frame: pl.DataFrame, name: str, none: pl.Series) -> None:
    """Refuse what can name no prompt."""
    if none.any():
        at = int(none.arg_true()[0])
        raise InputError(
            f"{table.name}: row {table.row(frame[ROW][at])}, column {shown(name)}: needed a "
            f"prompt, text or id, got {shown(frame[name][at])}; mend it or remove the row"
        )


def _refuse_repeated(table: Table, frame: pl.DataFrame, groups: Groups) -> None:
    draw = _array(numbers(table, frame, "draw"))
    rows = repeated(groups, draw)
    if rows is None:
        return
    first, second = (table.row(frame[ROW][row]) for row in rows)
    block = int(rows[0] if groups.order is None else np.flatnonzero(groups.order == rows[0])[0])
    prompt = groups.prompts[int(np.searchsorted(groups.offsets, block, side="right")) - 1]
    raise InputError(
        f"{table.name}: row {second}, column 'draw': needed every draw of a prompt once, got "
        f"draw {draw[rows[1]]:.0f} of prompt {shown(prompt)} again (first in row {first}); "
        "remove the copy or number the draws anew"
    )
