"""Draws of a policy, grouped by prompt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from types import MappingProxyType

import numpy as np
from jaxtyping import Float64, Int64, Shaped

from klimit.core.errors import InputError
from klimit.core.lines import shown
from klimit.core.results import Result

__all__ = ["Draws"]

LARGEST = 1e70
"""Size of the largest reward, and over the smallest spread: floats hold their fourth powers."""


@dataclass(frozen=True, slots=True, eq=False)
class Draws(Result):
    """Draws of one policy, the rewards of each prompt in one block.

    The draws of prompt ``i`` are ``rewards[offsets[i]:offsets[i + 1]]``; prompts may have
    different numbers of draws.

    Attributes:
        prompts: The prompts, text or ids, each once.
        offsets: Where each prompt's block begins and the last ends, shape ``(p + 1,)``.
        rewards: The reward of every draw, finite, shape ``(n,)``.
        columns: Further numbers of every draw, each of shape ``(n,)``: other rewards under any
            names, ``log_prob_policy``, ``log_prob_reference`` (nats), ``tokens``.
        texts: The responses in the same order, or ``None``.
    """

    prompts: tuple[str | int, ...]
    offsets: Int64[np.ndarray, " p1"]
    rewards: Float64[np.ndarray, " n"]
    columns: Mapping[str, Float64[np.ndarray, " n"]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    texts: Sequence[str] | None = None

    @property
    def counts(self) -> Int64[np.ndarray, " p"]:
        """Number of draws of each prompt, shape ``(p,)``."""
        return np.diff(self.offsets)

    @property
    def blocks(self) -> list[Float64[np.ndarray, " _"]]:
        """The rewards of each prompt, views of one array."""
        return np.split(self.rewards, self.offsets[1:-1])

    def __len__(self) -> int:
        """Number of draws."""
        return int(self.rewards.size)

    def __str__(self) -> str:
        """How many draws of how many prompts, and what is known of each."""
        known = ", ".join(["reward", *self.columns] + ["texts"] * (self.texts is not None))
        return f"Draws({len(self)} draws of {len(self.prompts)} prompts: {known})"

    def column(self, name: str) -> Float64[np.ndarray, " n"]:
        """A further column by name.

        Args:
            name: One of ``columns``.

        Returns:
            Its values, shape ``(n,)``.

        Raises:
            InputError: There is no such column.
        """
        if name not in self.columns:
            known = ", ".join(sorted(self.columns)) or "none"
            raise InputError(f"draws have no column {name!r}; they have {known}")
        return self.columns[name]

    def head(self, count: int) -> "Draws":
        """The draws of the first prompts alone.

        Args:
            count: Number of prompts, at least 1; more than there are gives all.

        Returns:
            Their draws.

        Example:
            >>> print(Draws.from_matrix([[0.0, 1.0], [0.5, 0.5, 2.0]]).head(1))
            Draws(2 draws of 1 prompts: reward)
        """
        prompts = self.prompts[:count]
        end = int(self.offsets[len(prompts)])
        return Draws.from_blocks(
            prompts,
            self.offsets[: len(prompts) + 1],
            self.rewards[:end],
            {name: column[:end] for name, column in self.columns.items()},
            None if self.texts is None else self.texts[:end],
        )

    @classmethod
    def from_matrix(
        cls, rewards: Float64[np.ndarray, "p m"] | Sequence[Sequence[float]]
    ) -> "Draws":
        """Draws of ``p`` prompts, a row each.

        Args:
            rewards: Finite rewards, shape ``(p, m)``, or rows of different lengths.

        Returns:
            The draws; prompts are numbered from 0.

        Raises:
            InputError: A row is empty, or a reward is not a finite number.

        Example:
            >>> Draws.from_matrix([[0.0, 1.0], [0.5, 0.5, 2.0]]).counts
            array([2, 3])
        """
        rows = [np.asarray(row, dtype=np.float64) for row in rewards]
        for i, row in enumerate(rows):
            if row.ndim != 1 or row.size == 0:
                raise InputError(
                    f"each prompt needs at least one draw, prompt {i} has shape {row.shape}"
                )
        offsets = np.cumsum([0, *(row.size for row in rows)])
        flat = np.concatenate(rows) if rows else np.empty(0)
        return cls.from_blocks(tuple(range(len(rows))), offsets, flat)

    @classmethod
    def from_columns(
        cls,
        *,
        prompt: Sequence[str] | Sequence[int] | Shaped[np.ndarray, " n"],
        reward: Sequence[float] | Shaped[np.ndarray, " n"],
        **others: Sequence[float] | Sequence[str] | Shaped[np.ndarray, " n"],
    ) -> "Draws":
        """Draws from columns of equal length, a row a draw, prompts in any order.

        Args:
            prompt: The prompt of each draw, text or id.
            reward: The reward of each draw, finite.
            others: Further columns; ``response`` holds texts, all else numbers.

        Returns:
            The draws, grouped by prompt in order of first appearance.

        Raises:
            InputError: Lengths differ, or a reward is not a finite number.

        Example:
            >>> draws = Draws.from_columns(prompt=["a", "b", "a"], reward=[0.1, 0.2, 0.3])
            >>> draws.prompts, draws.rewards
            (('a', 'b'), array([0.1, 0.3, 0.2]))
        """
        codes: dict[str | int, int] = {}
        keys = prompt.tolist() if isinstance(prompt, np.ndarray) else prompt
        code = np.fromiter((codes.setdefault(key, len(codes)) for key in keys), np.int64)
        for name, column in {"reward": reward, **others}.items():
            if len(column) != code.size:
                raise InputError(
                    f"columns must be of one length: prompt has {code.size} rows, "
                    f"{name} has {len(column)}"
                )
        order = np.argsort(code, kind="stable")
        offsets = np.concatenate([[0], np.cumsum(np.bincount(code, minlength=len(codes)))])
        response = others.pop("response", None)
        texts = None if response is None else [str(response[i]) for i in order]
        return cls.from_blocks(
            tuple(codes),
            offsets,
            _numbers("reward", reward)[order],
            {name: _numbers(name, column)[order] for name, column in others.items()},
            texts,
        )

    @classmethod
    def from_blocks(
        cls,
        prompts: tuple[str | int, ...],
        offsets: Int64[np.ndarray, " p1"],
        rewards: Float64[np.ndarray, " n"],
        columns: Mapping[str, Float64[np.ndarray, " n"]] | None = None,
        texts: Sequence[str] | None = None,
    ) -> "Draws":
        """Draws that are grouped already, checked; the arrays are kept, not copied.

        Args:
            prompts: The prompts, each once.
            offsets: Where each block begins and the last ends, shape ``(p + 1,)``.
            rewards: Finite rewards, shape ``(n,)``.
            columns: Further columns, shape ``(n,)`` each.
            texts: The responses, ``n`` of them.

        Returns:
            The draws.

        Raises:
            InputError: There is no draw, a reward is not a finite number, or their scale is
                such that floats do not hold their powers.
        """
        if rewards.size == 0:
            raise InputError("draws need at least one row, got none")
        low, high = float(rewards.min()), float(rewards.max())
        if not (isfinite(low) and isfinite(high)):
            at = int(np.flatnonzero(~np.isfinite(rewards))[0])
            i = int(np.searchsorted(offsets, at, side="right")) - 1
            raise InputError(
                f"rewards must be finite, got {rewards[at]} for prompt {shown(prompts[i])}, "
                f"draw {at - int(offsets[i])}; drop the draw or mend the reward"
            )
        if max(-low, high) > LARGEST or 0 < high - low < 1 / LARGEST:
            raise InputError(
                f"rewards must be at most {LARGEST:g} in size and differ by more than "
                f"{1 / LARGEST:g}, got {low:g} to {high:g}; multiply them by a constant"
            )
        return cls(prompts, offsets, rewards, MappingProxyType(dict(columns or {})), texts)


def _numbers(
    name: str, column: Sequence[float] | Sequence[str] | Shaped[np.ndarray, " n"]
) -> Float64[np.ndarray, " n"]:
    try:
        return np.asarray(column, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"column {name} must hold numbers: {error}") from error
