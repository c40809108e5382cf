"""What installed packages bring to a group of entry points, and which package it is."""

from importlib.metadata import EntryPoint, entry_points

__all__ = ["known_plugins", "source_of"]


def known_plugins(group: str) -> dict[str, str]:
    """The entry points of a group.

    Args:
        group: Its name.

    Returns:
        Name to source, sorted by name.

    Example:
        >>> {"llama", "openai"} <= set(known_plugins("klimit.backends"))
        True
    """
    return {point.name: source_of(point) for point in sorted(entry_points(group=group))}


def source_of(point: EntryPoint) -> str:
    """Who brings an entry point.

    Args:
        point: The entry point.

    Returns:
        Name and version of the package, or the module where no package is known.

    Example:
        >>> source_of(EntryPoint("mine", "my_module:reward", "klimit.rewards"))
        'my_module'
    """
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.module
