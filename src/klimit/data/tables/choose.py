"""Which columns of a table hold what a user asked for."""

import difflib
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from klimit.core.errors import InputError
from klimit.core.lines import shown
from klimit.data.tables.table import Columns, Kind, Table, listed

__all__ = ["Wanted", "choose"]

_ALSO_CALLED = {
    "prompt": ("prompt_id", "input", "question", "query", "instruction", "problem", "id"),
    "reward": ("score", "rewards", "scores", "value"),
}
_NUMERIC = ("float", "integer", "boolean")
_NO_REWARD = ("log_prob", "logp", "prob", "draw", "tokens", "step", "advantage", "length", "kl")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a user asked for, as the arguments of `klimit.read_draws`.

    Attributes:
        prompt: Column with the prompt.
        reward: Column with the reward.
        columns: Further columns of numbers: names, or klimit's name and theirs; ``None`` for
            all.
        texts: Column with the responses.
        policy: Which policy's draws to take.
        complete: Columns whose numbers every draw needs, as it needs a reward, if the table
            has them.
        policy_column: Column with the policy, if there is one.
    """

    prompt: str
    reward: str
    columns: Sequence[str] | Mapping[str, str] | None
    texts: str | None
    policy: str | None
    complete: Sequence[str] = ()
    policy_column: str = "policy"

    def numbers(self, columns: Columns) -> dict[str, str]:
        """Klimit's name and the table's name of each further column.

        Args:
            columns: The columns chosen.

        Returns:
            The names, in order.
        """
        match self.columns:
            case None:
                return {name: name for name in columns.numbers}
            case Mapping():
                return dict(self.columns)
            case names:
                return {name: name for name in names}


def choose(table: Table, wanted: Wanted) -> Columns:
    """Find the columns in the table.

    Args:
        table: The table.
        wanted: What was asked for.

    Returns:
        Their names in the table.

    Raises:
        InputError: One is not there; the message says which are and which was likely meant.
    """
    if wanted.prompt == wanted.reward:
        raise InputError(
            f"{table.name}: column {shown(wanted.prompt)}: needed different columns for prompt "
            "and reward, got one for both"
        )
    schema = table.kinds()
    _require(table, schema, wanted.prompt, "prompt", "the prompt of each draw")
    _require(table, schema, wanted.reward, "reward", "the reward of each draw")
    if wanted.policy is not None:
        _require(table, schema, wanted.policy_column, None, "the policy of each draw")
    apart = (wanted.prompt, wanted.reward, wanted.policy_column)
    automatic = [
        name for name, kind in schema.items() if name and name not in apart and kind in _NUMERIC
    ]
    complete = tuple(name for name in wanted.complete if name in schema)
    if wanted.columns is None:
        asked = list(dict.fromkeys([*automatic, *complete]))
    else:
        named = wanted.columns
        asked = list(named.values() if isinstance(named, Mapping) else named)
        for name in asked:
            _require(table, schema, name, None, "numbers")
    texts = wanted.texts
    if texts is not None and texts not in schema:
        if texts != "response":
            _require(table, schema, texts, "texts", "the response of each draw")
        texts = None
    draw = ["draw"] if "draw" in automatic else []
    optional = frozenset(automatic if wanted.columns is None else draw)
    return Columns(
        prompt=wanted.prompt,
        reward=wanted.reward,
        numbers=tuple(dict.fromkeys(asked + draw)),
        optional=optional.difference(complete),
        complete=complete,
        texts=texts,
        policy=wanted.policy_column if wanted.policy_column in schema else None,
    )


def _require(
    table: Table, schema: Mapping[str, Kind], name: str, option: str | None, what: str
) -> None:
    if name in schema:
        return
    guess = _meant(name, option, schema)
    if guess is None or not guess.isprintable():
        advice = (
            f"; name the right one with {option}='NAME' (--{option} NAME)"
            if option
            else "; name another"
        )
    elif option is None:
        advice = f"; did you mean {shown(guess)}?"
    else:
        advice = f"; did you mean {option}={shown(guess)} (--{option} {shlex.quote(guess)})?"
    raise InputError(
        f"{table.name}: column {shown(name)}: needed {what}, the table has "
        f"{listed(list(schema)) or 'no columns'}{advice}"
    )


def _meant(name: str, option: str | None, schema: Mapping[str, Kind]) -> str | None:
    """The column that was likely meant: the name misspelt, another name for it, its type."""
    plain = {other.strip().lower(): other for other in schema}
    for candidate in [name.strip().lower(), *_ALSO_CALLED.get(option or "", ())]:
        if candidate in plain:
            return plain[candidate]
    close = difflib.get_close_matches(name.lower(), plain, n=1)
    if close:
        return plain[close[0]]
    if option == "reward":
        rewards = [
            other
            for other, kind in schema.items()
            if kind == "float" and not other.lower().startswith(_NO_REWARD)
        ]
        return rewards[0] if rewards else None
    return None
