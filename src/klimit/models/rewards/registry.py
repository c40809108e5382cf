"""Rewards by name: entry points of installed packages, or ``module:function``."""

import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

from klimit.core.errors import InputError
from klimit.models.plugins import known_plugins, source_of

__all__ = ["Reward", "RewardFunction", "known_rewards", "load_reward"]

GROUP = "klimit.rewards"

RewardFunction = Callable[[Sequence[str], Sequence[str]], Sequence[float]]
"""A batch of prompts and as many responses in, one number a response out."""


@dataclass(frozen=True, slots=True)
class Reward:
    """A reward and where it comes from.

    Attributes:
        name: The name it was asked for by.
        source: The package and version, or the module, that brings it.
        function: A batch of prompts and as many responses in, one number a response out.
    """

    name: str
    source: str
    function: RewardFunction

    @property
    def label(self) -> str:
        """What its numbers are called in tables and reports: the name of the function."""
        return getattr(self.function, "__name__", self.name).strip("_").replace("_", " ")


def known_rewards() -> dict[str, str]:
    """The rewards that installed packages bring.

    Returns:
        Name to source, sorted by name.

    Example:
        >>> {"length", "vader"} <= set(known_rewards())
        True
    """
    return known_plugins(GROUP)


def load_reward(name: str) -> Reward:
    """Find a reward.

    Args:
        name: The name of an entry point in the group ``klimit.rewards``, or
            ``module:function``, for which the current folder is searched as well.

    Returns:
        The reward, its module imported.

    Raises:
        InputError: There is no such reward, or its module has no such function.

    Example:
        >>> load_reward("length").function(["Hello?"], ["Hi."])
        [3.0]
    """
    for point in entry_points(group=GROUP, name=name):
        return Reward(name, source_of(point), _function(name, point.module, point.attr))
    module, colon, attribute = name.partition(":")
    if not (module and colon and attribute):
        known = ", ".join(known_rewards())
        raise InputError(
            f"there is no reward {name!r}; known are {known}, and module:function for your own"
        )
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    return Reward(name, module, _function(name, module, attribute))


def _function(name: str, module: str, attribute: str) -> RewardFunction:
    try:
        loaded = importlib.import_module(module)
    except Exception as error:  # somebody else's code may raise anything
        reason = f"{type(error).__name__}: {error}"
        raise InputError(f"reward {name!r}: importing {module} failed with {reason}") from error
    function = getattr(loaded, attribute, None)
    if not callable(function):
        raise InputError(
            f"reward {name!r}: {module} must have a function {attribute}(prompts, responses)"
        )
    checked: RewardFunction = function
    return checked
