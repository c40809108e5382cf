"""Progress of long work on stderr: how much is done, how fast, how long the rest takes."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from klimit.cli.console import say

__all__ = ["progress_of"]

_QUIET_SECONDS = 10.0


@contextmanager
def progress_of(work: str, *, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Show the progress of some work on stderr: a bar for people, lines for a log.

    Args:
        work: What is done, as ``"drawing"``.
        total: How much there is to do.
        unit: What is counted, as ``"draws"``.

    Yields:
        A function that takes how much more is done.
    """
    console = Console(file=sys.stderr)
    if console.is_terminal:
        with _bar(console, unit) as bar:
            task = bar.add_task(work, total=total)
            yield lambda more: bar.advance(task, more)
    else:
        yield _Log(work, total, unit)


def _bar(console: Console, unit: str) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(unit),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=console,
    )


class _Rate(ProgressColumn):
    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        """The rate since the beginning."""
        elapsed = task.finished_time or task.elapsed or 0.0
        rate = task.completed / elapsed if elapsed > 0 else 0.0
        return Text(f"{rate:.1f} {self._unit}/s")


class _Log:
    """A line now and then."""

    def __init__(self, work: str, total: int, unit: str) -> None:
        self._work, self._total, self._unit = work, total, unit
        self._done, self._start = 0, time.monotonic()
        self._said = self._start

    def __call__(self, more: int) -> None:
        self._done += more
        now = time.monotonic()
        if now - self._said < _QUIET_SECONDS and self._done < self._total:
            return
        self._said = now
        rate = self._done / max(now - self._start, 1e-9)
        left = (self._total - self._done) / rate if rate > 0 else float("inf")
        say(
            self._work,
            f"{self._done:,} of {self._total:,} {self._unit}, {rate:.1f} {self._unit}/s, "
            f"{left:.0f} s left",
        )
