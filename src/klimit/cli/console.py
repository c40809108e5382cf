"""What people see: lines on stderr, and stdout as a terminal or as a pipe."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from klimit.core.lines import one_line

__all__ = ["hushed", "one_line", "say", "stdout"]


def say(kind: str, message: str, *, style: str = "") -> None:
    """Write one line on stderr, whatever the message holds.

    Args:
        kind: First word of the line: ``"error"``, ``"warning"`` or ``"note"``.
        message: The rest. Line breaks and control characters are made visible; nothing in it is
            read as markup.
        style: Colour of the first word on a terminal.
    """
    line = Text.assemble((f"{kind}: ", style), one_line(message))
    Console(file=sys.stderr).print(line, soft_wrap=True, highlight=False)


@contextmanager
def hushed() -> Iterator[None]:
    """Keep to ourselves what a compiled library writes on stderr before it fails.

    polars reports a damaged file as an error that we can catch, after a Rust backtrace that we
    cannot. What is written while all goes well appears afterwards.

    Yields:
        Nothing.
    """
    sys.stderr.flush()
    real = os.dup(2)
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
            sys.stderr.flush()
            kept.seek(0)
            os.write(real, kept.read())
        finally:
            os.dup2(real, 2)
            os.close(real)


def stdout() -> Console:
    """The console that results are printed on.

    Returns:
        A console on stdout; ``is_terminal`` tells whether a person looks at it.
    """
    return Console(file=sys.stdout, highlight=False)
