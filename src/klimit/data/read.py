"""Draws from whatever table a user has."""

import os
from collections.abc import Mapping, Sequence
from typing import Literal

from klimit.core.extras import optional
from klimit.data.formats import format_named, log_format, table_format
from klimit.estimate.draws import Draws

__all__ = ["read_draws"]


def read_draws(  # noqa: PLR0913  (a table has that many things to name)
    path: object,
    *,
    prompt: str = "prompt",
    reward: str = "reward",
    columns: Sequence[str] | Mapping[str, str] | None = None,
    texts: str | None = "response",
    policy: str | None = None,
    complete: Sequence[str] = (),
    missing: Literal["fail", "drop"] = "fail",
    format: str | None = None,  # noqa: A002
) -> Draws:
    """Read a table of draws, one row a draw, and group it by prompt.

    Parquet, Arrow (Feather), JSON lines, a JSON array or CSV (comma, semicolon or tab; gzip
    allowed), told apart by their content; or a table in memory. Only the columns asked for are
    read. Booleans count as 0 and 1: pass/fail is a reward.

    Args:
        path: A file, ``"-"`` for standard input, or a pandas, polars or Arrow table.
        prompt: Column with the prompt, text or id.
        reward: Column with the reward, finite numbers of at most 1e70 in size; whole ones that
            a float holds to the last digit, up to 2**53.
        columns: Further columns of numbers to keep: their names, or klimit's name of each and
            its name in the table, ``{"log_prob_policy": "logp"}``. ``None`` keeps all there
            are. A number missing in one of these is ``nan``.
        texts: Column with the responses, which may be absent under its default name; ``None``
            reads none.
        policy: Which policy's draws to take, where the table has a column ``policy``.
        complete: Columns of the table, those of them that are there, in which a draw needs a
            number as it needs a reward.
        missing: What to do about draws without a reward (empty, null or ``nan``): ``"fail"``,
            or ``"drop"`` them with a warning that counts and names them. They are never
            filled in.
        format: The format of a table, for content that does not tell, or the tool whose log
            this is: ``"trl"`` (completions), ``"verl"`` (rollouts), ``"openrlhf"`` (scored
            generations), ``"inspect_ai"``, ``"lm_eval"`` (samples) or ``"datasets"``
            (``save_to_disk``, lists of draws). Default names then stand for that tool's own.

    Returns:
        The draws, prompts in order of first appearance, draws in the order of the table.

    Raises:
        InputError: The table is not what it should be; the message names file, row and column,
            what was needed and what came. Rows count from 1, the header of a CSV file included.
        MissingExtraError: polars is not installed.

    Example:
        >>> import io, polars
        >>> table = polars.DataFrame({"prompt": ["a", "b", "a"], "score": [1, 0, 0]})
        >>> print(read_draws(table, reward="score"))
        Draws(3 draws of 2 prompts: reward)
        >>> read_draws(table)
        Traceback (most recent call last):
        ...
        klimit.core.errors.InputError: table: column 'reward': needed the reward of each draw, \
the table has 'prompt', 'score'; did you mean reward='score' (--reward score)?
    """
    optional("polars", feature="reading tables", extra="app")
    from klimit.data.logs.registry import open_log, recognised  # noqa: PLC0415
    from klimit.data.tables.choose import Wanted  # noqa: PLC0415  (polars)
    from klimit.data.tables.draws import draws_of  # noqa: PLC0415
    from klimit.data.tables.load import open_table  # noqa: PLC0415

    source = os.fspath(path) if isinstance(path, os.PathLike) else path
    wanted = Wanted(prompt, reward, columns, texts, policy, complete)
    kind = None if format is None else format_named(format)
    log = log_format(kind) if kind else recognised(source)
    if log is None:
        table = open_table(source, format=table_format(kind))
    else:
        table, wanted = open_log(source, wanted, name=log)
    return draws_of(table, wanted, missing=missing)
