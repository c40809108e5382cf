"""TRL's completions: what ``log_completions=True`` writes beside the checkpoints.

``completions/completions_00005.parquet`` holds step, prompt, completion, a column for each
reward function under its name, what the user logged with ``log_extra``, and the advantage
(trl/trainer/grpo_trainer.py, ``GRPOTrainer.log``, 1.16).
"""

from dataclasses import replace

import polars as pl

from klimit.core.errors import InputError
from klimit.data.logs.files import single_file
from klimit.data.logs.names import called, the_reward
from klimit.data.tables.choose import Wanted
from klimit.data.tables.load import open_table
from klimit.data.tables.table import FrameTable, Table, listed

__all__ = ["open_trl"]

_NO_REWARD = frozenset({"step", "advantage"})


def open_trl(source: object, wanted: Wanted) -> tuple[Table, Wanted]:
    """Open a file of completions, or a folder with one.

    Completions of conversations are reduced to the text of their last message. Draws of
    different steps count as those of different policies.

    Args:
        source: The file, a folder of them, or a table in memory.
        wanted: What the user asked for.

    Returns:
        The table and the names in it.

    Raises:
        InputError: These are no completions, or there are several rewards and none was named.
    """
    what = "step, each of another policy"
    table = open_table(single_file(source, "*.parquet", what=what, step=wanted.policy))
    kinds = table.kinds()
    if not {"prompt", "completion"} <= set(kinds):
        raise InputError(
            f"{table.name}: needed TRL's completions (prompt, completion, a column a reward), "
            f"got {listed(list(kinds))}; name a file of the folder 'completions' that "
            "log_completions=True writes"
        )
    rewards = [
        name
        for name, kind in kinds.items()
        if kind in ("float", "integer", "boolean") and name not in _NO_REWARD
    ]
    reward = the_reward(table, wanted.reward, rewards, what="reward functions")
    if isinstance(table, FrameTable):
        table = FrameTable(table.name, _plain(table.frame))
    names = called(wanted, kinds, prompt="prompt", reward=reward, texts="completion")
    return table, replace(names, reward=reward, policy_column="step")


def _plain(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Completions as text."""
    kind = frame.collect_schema()["completion"]
    if not isinstance(kind, pl.List):
        return frame
    last = pl.col("completion").list.last().struct.field("content")
    return frame.with_columns(last.alias("completion"))
