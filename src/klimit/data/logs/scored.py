"""Draws with log-probabilities, of which no reward is asked."""

from pathlib import Path

from klimit.core.errors import InputError
from klimit.data.logs.metrics import metric_records
from klimit.data.logs.says import LogOverrides, ScoredColumns
from klimit.data.logs.trainer_kl import TrainerKl, trainer_kl
from klimit.data.tables.choose import Wanted
from klimit.data.tables.content import Content, read_content
from klimit.data.tables.draws import draws_of
from klimit.data.tables.load import table_of
from klimit.data.tables.sniff import sniff
from klimit.data.tables.table import Table, listed
from klimit.estimate.draws import Draws

__all__ = ["read_kl_source"]

_NEEDED = ("log_prob_policy", "log_prob_reference")


def read_kl_source(
    path: str, *, columns: ScoredColumns, says: LogOverrides
) -> TrainerKl | Draws:
    """Read a trainer's log, or a table of draws that both models scored.

    Args:
        path: The file, ``"-"`` for standard input.
        columns: How to read a table.
        says: What the user says about a log.

    Returns:
        The divergences of the log, or the draws with the columns of `klimit.sequence_kl`.

    Raises:
        InputError: It is neither, or not what it should be.
        InsufficientDataError: The log holds no KL to the reference.
    """
    content = read_content(_state_in(path))
    records = metric_records(content)
    if records is not None:
        return trainer_kl(records, name=content.name, says=says)
    return _scored(content, columns)


def _state_in(path: str) -> str:
    """The trainer's state in a folder of checkpoints, that of the last one; else the path."""
    folder = Path(path)
    if path == "-" or not folder.is_dir():
        return path
    states = [*folder.glob("trainer_state.json"), *folder.glob("*/trainer_state.json")]
    return str(max(states, key=lambda state: state.stat().st_mtime)) if states else path


def _scored(content: Content, columns: ScoredColumns) -> Draws:
    table = table_of(content, sniff(content.head, name=content.name))
    kinds = table.kinds()
    exact = "kl_exact" in kinds
    theirs = (columns.log_prob_policy, columns.log_prob_reference)
    if not exact:
        _require(table, theirs)
    first = "kl_exact" if exact else theirs[0]
    found = draws_of(
        table,
        Wanted(columns.prompt, first, None, None, columns.policy, () if exact else theirs),
        missing=columns.missing,
    )
    ours = dict(zip(theirs, _NEEDED, strict=True))
    further = {ours.get(name, name): values for name, values in found.columns.items()}
    further[ours.get(first, first)] = found.rewards
    return Draws.from_blocks(found.prompts, found.offsets, found.rewards, further)


def _require(table: Table, names: tuple[str, str]) -> None:
    kinds = table.kinds()
    for name, option in zip(names, _NEEDED, strict=True):
        if name not in kinds:
            raise InputError(
                f"{table.name}: column {name!r}: needed a log of TRL, OpenRLHF or verl, or "
                f"draws with {' and '.join(names)} (nats, summed over the response) or "
                f"kl_exact, the table has {listed(list(kinds))}; name the column with "
                f"--{option.replace('_', '-')}"
            )
