"""What a log calls the columns that a user left at their default names."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from klimit.core.errors import InputError
from klimit.core.lines import shown
from klimit.data.tables.choose import Wanted
from klimit.data.tables.table import Kind, Table, listed

__all__ = ["called", "require", "the_reward"]


def called(
    wanted: Wanted, kinds: Mapping[str, Kind], *, prompt: str, reward: str, texts: str
) -> Wanted:
    """Replace default names by those of the log; what the user named stays.

    Args:
        wanted: What the user asked for.
        kinds: The columns of the log.
        prompt: The log's name for the prompt.
        reward: Its name for the reward.
        texts: Its name for the response.

    Returns:
        What to ask the table for.

    Example:
        >>> asked = Wanted("prompt", "reward", None, "response", None)
        >>> kinds = {"input": "text", "output": "text", "score": "float"}
        >>> called(asked, kinds, prompt="input", reward="score", texts="output").texts
        'output'
    """

    def name(asked: str | None, default: str, theirs: str) -> str | None:
        return theirs if asked == default and default not in kinds else asked

    return replace(
        wanted,
        prompt=name(wanted.prompt, "prompt", prompt) or wanted.prompt,
        reward=name(wanted.reward, "reward", reward) or wanted.reward,
        texts=name(wanted.texts, "response", texts),
    )


def the_reward(table: Table, asked: str, known: Sequence[str], *, what: str) -> str:
    """The reward to take where a log may hold several, each under a name of its own.

    Args:
        table: The log.
        asked: The reward that the user asked for.
        known: The rewards in the log.
        what: What the log calls them: "reward functions".

    Returns:
        The name asked for, or that of the only one.

    Raises:
        InputError: The log has no such reward, or several where none was asked for.
    """
    if asked in known:
        return asked
    if asked == "reward" and len(known) == 1:
        return known[0]
    if not known:
        raise InputError(f"{table.name}: needed the reward of each draw, got no {what}")
    wish = "the reward of each draw" if asked == "reward" else f"the reward {shown(asked)}"
    raise InputError(
        f"{table.name}: needed {wish}, the log has the {what} {listed(known)}; name one "
        f"with reward={shown(known[0])} (--reward {known[0]})"
    )


def require(table: Table, names: tuple[str, ...], what: str, writer: str) -> None:
    """Refuse a log that lacks what its tool always writes.

    Args:
        table: The log.
        names: The columns that it must have.
        what: What it should be: "rollouts of verl".
        writer: What of the tool writes it.

    Raises:
        InputError: A column is not there.
    """
    kinds = table.kinds()
    if not set(names) <= set(kinds):
        raise InputError(
            f"{table.name}: needed {what} ({', '.join(names)}), as {writer} has them, got "
            f"{listed(list(kinds))}"
        )
