"""A command that ends in every way a command can."""

import sys
import warnings
from typing import Literal

from klimit.core.errors import BackendError, InputError, KlimitWarning


def finish(
    how: Literal[
        "well", "refused", "backend", "interrupted", "unmet", "warned", "loud", "full"
    ],
) -> int:
    """End in one way.

    The long description is for the help of the command itself.

    Args:
        how: The way.
    """
    match how:
        case "refused":
            raise InputError(
                "needed [red]this[/red],\ncame \x1b[31mthat\x1b[0m; " + "mend it " * 20
            )
        case "backend":
            raise BackendError("the server failed")
        case "interrupted":
            raise KeyboardInterrupt
        case "unmet":
            return 1
        case "warned":
            warnings.warn(KlimitWarning("take [care]"), stacklevel=1)
        case "loud":
            for line in range(100_000):
                sys.stdout.write(f"{line}\n")
        case "full":
            raise OSError(28, "No space left on device", "results.txt")
        case "well":
            sys.stdout.write("fine\n")
    return 0
