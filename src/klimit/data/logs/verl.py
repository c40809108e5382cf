"""What verl dumps: ``trainer.rollout_data_dir`` and ``trainer.validation_data_dir``.

A file a step, a JSON object a line: input and output (decoded without special tokens), gts,
score, step, and what else the trainer knows (``_log_rollout_data`` and ``_validate`` of
verl/trainer/ppo/v1/trainer_base.py and verl/trainer/ppo/ray_trainer.py, 0.9.1):

- validations have what the reward function returned, a ``score`` of its own included, and in
  ``reward`` what was trained on; the older trainer's rollouts have the former alone;
- ``uid`` is that of the prompt, the session and the output, ``…_3_0``; an agent's session may
  have several outputs, each of which carries the score of the last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from jaxtyping import Int64

from klimit.data.logs.files import single_file
from klimit.data.logs.names import called, require
from klimit.data.tables.choose import Wanted
from klimit.data.tables.load import open_table
from klimit.data.tables.table import Columns, Kind, Table

__all__ = ["open_verl"]


def open_verl(source: object, wanted: Wanted) -> tuple[Table, Wanted]:
    """Open the rollouts of one step.

    The reward is ``reward`` where the file has it, else ``score``. A session of several outputs
    is one draw: the last output, and the prompt of the first.

    Args:
        source: The file, a folder with one or with that of the policy, or a table in memory.
        wanted: What the user asked for.

    Returns:
        The table and the names in it; draws of different steps count as those of different
        policies.

    Raises:
        InputError: These are no rollouts.
    """
    what = "step, each of another policy"
    table = open_table(single_file(source, "*.jsonl", what=what, step=wanted.policy))
    require(table, ("input", "output", "score"), "rollouts of verl", "rollout_data_dir")
    kinds = table.kinds()
    names = called(wanted, kinds, prompt="input", reward="score", texts="output")
    names = replace(names, policy_column="step")
    return _by_session(table) if "uid" in kinds else table, names


@dataclass(frozen=True, slots=True, eq=False)
class _Sessions:
    """One row a session.

    Attributes:
        table: One row an output.
        first: Index of each session's first output, shape ``(n,)``.
        last: Index of its last output.
    """

    table: Table
    first: Int64[np.ndarray, " n"]
    last: Int64[np.ndarray, " n"]

    @property
    def name(self) -> str:
        """What messages call the table."""
        return self.table.name

    def kinds(self) -> Mapping[str, Kind]:
        """Name and kind of each column."""
        return self.table.kinds()

    def read(self, columns: Columns) -> pl.DataFrame:
        """Read the columns.

        Args:
            columns: Those wanted.

        Returns:
            A frame of the last outputs with the first ones' prompts.
        """
        frame = self.table.read(columns)
        return frame[self.last].with_columns(frame[columns.prompt][self.first])

    def row(self, index: int) -> int:
        """Rows are those of the last outputs."""
        return self.table.row(int(self.last[index]))


def _by_session(table: Table) -> Table:
    uids = table.read(Columns("uid", "score", (), frozenset(), None, None))["uid"]
    parts = uids.cast(pl.String).str.extract_groups(r"^(?<session>.*_\d+)_(?<output>\d+)$")
    frame = parts.struct.unnest().with_row_index("at").cast({"output": pl.Int64})
    if frame["output"].null_count() or frame["output"].max() == 0:
        return table
    by_output = pl.col("at").sort_by("output")
    sessions = frame.group_by("session", maintain_order=True).agg(
        by_output.first().alias("first"), by_output.last().alias("last")
    )
    first, last = (sessions[name].to_numpy().astype(np.int64) for name in ("first", "last"))
    return _Sessions(table, first, last)
