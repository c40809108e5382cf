"""A command that ends in every way a command can."""

import sys
import warnings
from typing import Literal

from klimit.core.errors import BackendError, InputError, KlimitWarning

_RAISED: dict[str, BaseException] = {
    "refused": InputError(
        "needed [red]this[/red],\ncame \x1b[31mthat\x1b[0m; " + "mend it " * 20
    ),
    "backend": BackendError("the server failed"),
    "interrupted": KeyboardInterrupt(),
    "full": OSError(28, "No space left on device", "results.txt"),
    "alone": BrokenPipeError(),
}


def finish(
    how: Literal[
        "well",
        "refused",
        "backend",
        "interrupted",
        "unmet",
        "warned",
        "loud",
        "full",
        "deprecated",
        "alone",
    ],
) -> int:
    """End in one way.

    The long description is for the help of the command itself.

    Args:
        how: The way.
    """
    if how in _RAISED:
        raise _RAISED[how]
    match how:
        case "unmet":
            return 1
        case "warned":
            warnings.warn(KlimitWarning("take [care]"), stacklevel=1)
        case "deprecated":
            warnings.warn("soon gone", DeprecationWarning, stacklevel=1)
        case "loud":
            for line in range(100_000):
                sys.stdout.write(f"{line}\n")
        case _:
            sys.stdout.write("fine\n")
    return 0
