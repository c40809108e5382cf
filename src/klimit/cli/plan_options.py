"""Options of ``klimit plan``: a table whose ``--reward`` may be a target, and prices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

import klimit
from klimit.cli.console import hushed
from klimit.cli.options import FormatName, Positive
from klimit.core.errors import InputError

if TYPE_CHECKING:
    from klimit import Draws

__all__ = ["PlanTable", "PriceOptions", "RewardWord", "reward_word"]

RewardWords = Annotated[tuple[str, ...], Parameter(show_default=False)]


@dataclass(frozen=True, slots=True)
class RewardWord:
    """What ``--reward`` says: a column, a target, or both.

    Attributes:
        column: Column with the reward.
        target: Mean reward to reach; ``None`` where there is no such target.
    """

    column: str = "reward"
    target: float | None = None


def reward_word(words: Sequence[str]) -> RewardWord:
    """Tell targets from columns: a number is a target.

    Args:
        words: What ``--reward`` was given, at most one of each.

    Returns:
        Column and target.

    Raises:
        InputError: Two columns, or two targets.

    Example:
        >>> reward_word(["sentiment", "0.8"])
        RewardWord(column='sentiment', target=0.8)
    """
    columns: list[str] = []
    targets: list[float] = []
    for word in words:
        try:
            targets.append(float(word))
        except ValueError:
            columns.append(word)
    if len(columns) > 1 or len(targets) > 1:
        raise InputError(
            "--reward takes one column and one number to reach, got " + ", ".join(words)
        )
    column = columns[0] if columns else "reward"
    return RewardWord(column, targets[0] if targets else None)


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTable:
    """How to read a table of draws.

    Attributes:
        prompt: Column with the prompt, text or id.
        tokens: Column with the length of each draw in tokens, or their mean length; a column
            tokens is found by itself.
        policy: Which policy's draws to take, where the table has a column policy.
        missing: What to do about draws without a reward; where they are dropped, those without
            a length are too.
        format: Format of the table, or the tool whose log it is; told by its content if not
            given.
    """

    prompt: str = "prompt"
    tokens: str | None = None
    policy: str | None = None
    missing: Literal["fail", "drop"] = "fail"
    format: FormatName = None

    @property
    def mean_tokens(self) -> float | None:
        """The mean length, where a number was given."""
        try:
            return None if self.tokens is None else float(self.tokens)
        except ValueError:
            return None

    def read(self, path: str, *, reward: str) -> "Draws":
        """Read prompts, rewards and, where there are any, lengths.

        Args:
            path: The table.
            reward: Column with the reward.

        Returns:
            The draws, their lengths as the column ``tokens``.
        """
        if self.mean_tokens is not None:
            return self._read(path, reward, {})
        if self.tokens is not None:
            return self._read(path, reward, {"tokens": self.tokens})
        if path == "-":
            return self._read(path, reward, None)  # a pipe is read once: keep all there is
        try:
            return self._read(path, reward, {"tokens": "tokens"})
        except InputError:
            return self._read(path, reward, {})

    def _read(self, path: str, reward: str, columns: dict[str, str] | None) -> "Draws":
        with hushed():
            return klimit.read_draws(
                path,
                prompt=self.prompt,
                reward=reward,
                policy=self.policy,
                missing=self.missing,
                format=self.format,
                columns=columns,
                complete=(self.tokens or "tokens",) if self.missing == "drop" else (),
                texts=None,
            )


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceOptions:
    """What tokens cost.

    Attributes:
        price_per_million_tokens: Money for a million generated tokens, in any currency.
        tokens_per_second: Speed of generation, all streams together.
    """

    price_per_million_tokens: Positive | None = None
    tokens_per_second: Positive | None = None
