"""Checkpoints of a training run: the KL and the mean reward of each."""

import os
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.core.extras import optional
from klimit.core.lines import shown
from klimit.core.results import Result
from klimit.estimate.draws import LARGEST

__all__ = ["Points", "read_points"]


@dataclass(frozen=True, slots=True, eq=False)
class Points(Result):
    """A training run as points.

    Attributes:
        kl: KL of each checkpoint from the reference, in nats a response, shape ``(k,)``.
        reward: Mean reward of each, shape ``(k,)``.
        step: Step of each in training, shape ``(k,)``; its place from 0 where not told.
    """

    kl: Float64[np.ndarray, " k"]
    reward: Float64[np.ndarray, " k"]
    step: Float64[np.ndarray, " k"]


def read_points(path: str | os.PathLike[str]) -> Points:
    r"""Read a table of checkpoints with columns ``kl``, ``reward`` and perhaps ``step``.

    Args:
        path: Parquet, Arrow, JSON lines or CSV; ``-`` for standard input.

    Returns:
        The checkpoints, in the order of the table.

    Raises:
        InputError: A column is missing, or holds what is no finite number.
        MissingExtraError: polars is not installed.

    Example:
        >>> import tempfile, pathlib
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = pathlib.Path(folder, "run.csv")
        ...     _ = file.write_text("step,kl,reward\n100,0.1,0.3\n200,0.4,0.5\n")
        ...     read_points(file).kl
        array([0.1, 0.4])
    """
    optional("polars", feature="reading tables", extra="app")
    from klimit.data.tables.load import open_table  # noqa: PLC0415  (polars)
    from klimit.data.tables.rewards import numbers  # noqa: PLC0415
    from klimit.data.tables.table import ROW, Columns, listed  # noqa: PLC0415

    table = open_table(os.fspath(path))
    known = table.kinds()
    for name in ("kl", "reward"):
        if name not in known:
            raise InputError(
                f"{table.name}: column {shown(name)}: needed the KL (nats a response) and the "
                f"mean reward of each checkpoint, the table has {listed(list(known))}; rename "
                "its columns to kl, reward and step"
            )
    names = tuple(name for name in ("kl", "reward", "step") if name in known)
    frame = table.read(Columns("kl", "reward", names, frozenset(), None, None))
    frame = frame.with_row_index(ROW)
    found = {}
    for name in names:
        column = numbers(table, frame, name).fill_null(np.nan).to_numpy()
        bad = np.flatnonzero(~(np.abs(column) <= LARGEST))
        if bad.size:
            given = frame[name][int(bad[0])]
            raise InputError(
                f"{table.name}: row {table.row(int(bad[0]))}, column {shown(name)}: needed a "
                f"finite number of at most {LARGEST:g} in size, got "
                f"{'nothing' if given is None else given}; mend it or remove the row"
            )
        found[name] = column.astype(np.float64)
    if not frame.height:
        raise InputError(f"{table.name}: needed at least one checkpoint, got none")
    steps = found.get("step", np.arange(float(frame.height)))
    return Points(found["kl"], found["reward"], steps)
