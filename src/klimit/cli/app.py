"""The ``klimit`` command: its commands, its exit codes and how it reports errors.

To add a command, write ``cli/<name>.py`` with a function whose signature is the command line
and whose docstring is the help, and add one line to ``COMMANDS``. The module is imported only
when the command is used or its help is asked for, and help must not import numpy: import the
mathematics inside the function, or reach it through the lazy names of ``klimit``
(``klimit.read_draws``). A command returns ``None`` or its exit code, prints results on stdout
and all else on stderr (`klimit.cli.console`), and raises a `KlimitError` for what it refuses.
"""

import io
import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from klimit import __version__
from klimit.cli.context import without_keywords
from klimit.core.errors import BackendError, KlimitError, KlimitWarning, MissingExtraError
from klimit.core.extras import optional

if TYPE_CHECKING:
    from cyclopts import App

__all__ = ["build", "main", "run"]

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("klimit.cli.demo:demo", "The main job on a real language model, start to end."),
    "frontier": ("klimit.cli.frontier:frontier", "The largest reward within each KL budget."),
    "best-of": ("klimit.cli.best_of:best_of", "Reward and KL of best-of-N, ties included."),
    "overopt": ("klimit.cli.overopt:overopt", "A gold reward while its proxy is optimised."),
    "audit": (
        "klimit.cli.audit:audit",
        "How far a checkpoint is from the best its KL buys.",
    ),
    "plan": ("klimit.cli.plan:plan", "Which n, which beta: the settings that reach a target."),
    "kl": ("klimit.cli.kl:kl", "The KL of a policy, from scored draws or a trainer's log."),
    "report": ("klimit.cli.report:report", "Frontier, best-of-N and responses on one page."),
    "asymptotics": (
        "klimit.cli.asymptotics:asymptotics",
        "The paper, claim by claim, by exact numbers.",
    ),
    "models": (
        "klimit.cli.models:models",
        "Known models and rewards; fetch model weights.",
    ),
}
"""Name of each command: where its function is, and its line in ``klimit --help``."""

DONE, REFUSED, USAGE, BACKEND, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 3, 130, 141


def main() -> None:  # pragma: no cover  (tested in processes of their own)
    """Run the command line of this process and exit with its code."""
    try:
        for package in ("rich", "cyclopts"):
            optional(package, feature="the command line", extra="app")
    except MissingExtraError as error:
        sys.exit(f"error: {error}")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without ± is no reason to fail
    code = run(sys.argv[1:])
    if code == INTERRUPTED:  # an engine that still computes would crash the interpreter's end
        with suppress(OSError):
            sys.stdout.flush()
        os._exit(code)
    sys.exit(code)


def run(tokens: Sequence[str]) -> int:
    """Run one command line.

    A deliberate error is one line on stderr, without a traceback.

    Args:
        tokens: The words after ``klimit``.

    Returns:
        The exit code: 0 done, 1 a deliberate error or an unmet requirement, 2 usage, 3 a
        backend failed, 130 interrupted, 141 the reader of a pipe went away.

    Example:
        >>> run(["--version"])
        0.1.0
        0
    """
    try:
        with warnings.catch_warnings():
            _show_warnings_as_lines()
            code = _call(tokens)
            sys.stdout.flush()
            return code
    except BackendError as error:
        return _fail(BACKEND, str(error))
    except KlimitError as error:
        return _fail(REFUSED, without_keywords(str(error)))
    except KeyboardInterrupt:
        return _fail(INTERRUPTED, "interrupted")
    except BrokenPipeError:
        _forget_stdout()
        return BROKEN_PIPE
    except OSError as error:
        _forget_stdout()
        place = f"{error.filename}: " if error.filename else ""
        return _fail(REFUSED, f"{place}{error.strerror or error}")


def build(asked: str = "") -> "App":
    """The command line application, its commands known by name and not yet imported.

    Args:
        asked: The command about to run; its help is its own docstring, that of the others the
            line in ``COMMANDS``.

    Returns:
        The application.
    """
    from cyclopts import App, Parameter

    app = App(
        name="klimit",
        help="How much reward is in a KL budget: from draws, with honest errors.",
        version=__version__,
        help_format="markdown",
        default_parameter=Parameter(negative=()),
        suppress_keyboard_interrupt=False,
    )
    for name, (function, line) in COMMANDS.items():
        app.command(function, name=name, help=None if name == asked else line)
    return app


def _call(tokens: Sequence[str]) -> int:
    app = build(tokens[0] if tokens else "")
    from cyclopts import CycloptsError, UnknownCommandError

    try:
        code = app(
            list(tokens), exit_on_error=False, print_error=False, result_action="return_value"
        )
    except UnknownCommandError:
        return _fail(
            USAGE, f"there is no command {tokens[0]!r}; there are {', '.join(COMMANDS)}"
        )
    except CycloptsError as error:
        known = f"klimit {tokens[0]}" if tokens and tokens[0] in COMMANDS else "klimit"
        return _fail(USAGE, f"{str(error).rstrip('. ')}; see {known} --help")
    return code if isinstance(code, int) else DONE


def _fail(code: int, message: str) -> int:
    from klimit.cli.console import say

    with suppress(BrokenPipeError):
        say("error", message, style="red")
    return code


def _show_warnings_as_lines() -> None:
    from klimit.cli.console import say

    shown = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *where: object) -> None:
        if issubclass(category, KlimitWarning):
            say("warning", str(message), style="yellow")
        else:
            shown(message, category, *where)  # type: ignore[arg-type]

    warnings.showwarning = show  # type: ignore[assignment]
    warnings.simplefilter("always", KlimitWarning)


def _forget_stdout() -> None:
    """Leave nothing for the interpreter to flush into a closed pipe at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":  # pragma: no cover
    main()
