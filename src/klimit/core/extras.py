"""Optional dependencies, imported where they are used."""

import importlib
from types import ModuleType

from klimit.core.errors import MissingExtraError

__all__ = ["optional"]


def optional(module: str, *, feature: str, extra: str) -> ModuleType:
    """Import an optional dependency or say how to install it.

    Args:
        module: Name of the module, dots allowed.
        feature: What needs it, the first words of the message.
        extra: The extra of klimit that brings it.

    Returns:
        The imported module.

    Raises:
        MissingExtraError: The module is not installed.

    Example:
        >>> optional("math", feature="this example", extra="app").pi > 3
        True
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name == module.split(".", maxsplit=1)[0]:
            raise MissingExtraError(feature, extra) from error
        raise
