"""All that a Markov chain on letters can say, with its probability."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float64, Int64

from klimit.core.errors import InputError
from klimit.core.results import Result

__all__ = ["MOST_RESPONSES", "ToyResponses", "list_responses"]

MOST_RESPONSES: Final = 2_000_000
"""Responses that are listed at most."""


@dataclass(frozen=True, slots=True, eq=False)
class ToyResponses(Result):
    """Every response to a prompt, with its probability.

    Attributes:
        texts: The responses, ``k`` of them; a text that was cut off may stand beside the same
            text ended by the model.
        log_probs: Their log-probabilities in nats, the end token included, shape ``(k,)``.
        tokens: Numbers of their tokens, the end token included, shape ``(k,)``.
        finished: Whether the model ended them itself, shape ``(k,)``.
    """

    texts: tuple[str, ...]
    log_probs: Float64[np.ndarray, " k"]
    tokens: Int64[np.ndarray, " k"]
    finished: Bool[np.ndarray, " k"]


def list_responses(
    alphabet: str, log_probs: Float64[np.ndarray, "s s"], *, start: int, max_tokens: int
) -> ToyResponses:
    """List every response that has a probability above 0.

    Args:
        alphabet: The letters.
        log_probs: Next-token log-probabilities in nats, the end token last in each row.
        start: The row that a response begins in.
        max_tokens: Most tokens of a response, the end token included; at least 1.

    Returns:
        The responses, the shortest first; their probabilities sum to 1.

    Raises:
        InputError: They are more than two million.

    Example:
        >>> fair = np.log(np.full((3, 3), 1 / 3))
        >>> list_responses("ab", fair, start=2, max_tokens=2).texts
        ('', 'a', 'b', 'aa', 'ab', 'ba', 'bb')
    """
    size = len(alphabet)
    if max_tokens * np.log(size) > np.log(MOST_RESPONSES):
        raise InputError(
            f"{size} letters make more than {MOST_RESPONSES:,} responses of {max_tokens} "
            "tokens; ask for fewer tokens"
        )
    found: list[_Prefixes] = []
    prefixes = _Prefixes(("",), np.array([start]), np.zeros(1))
    for _ in range(max_tokens):
        found.append(prefixes.ended(log_probs))
        prefixes = prefixes.longer(alphabet, log_probs)
    found.append(prefixes)
    counts = [len(group.texts) for group in found]
    return ToyResponses(
        texts=tuple(text for group in found for text in group.texts),
        log_probs=np.concatenate([group.log_probs for group in found]),
        tokens=np.repeat([*range(1, max_tokens + 1), max_tokens], counts),
        finished=np.repeat([*[True] * max_tokens, False], counts),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Prefixes:
    """Texts of one length, the state that each is in, and its log-probability."""

    texts: tuple[str, ...]
    states: Int64[np.ndarray, " k"]
    log_probs: Float64[np.ndarray, " k"]

    def ended(self, table: Float64[np.ndarray, "s s"]) -> "_Prefixes":
        return self._kept(self.texts, self.states, self.log_probs + table[self.states, -1])

    def longer(self, alphabet: str, table: Float64[np.ndarray, "s s"]) -> "_Prefixes":
        size = len(alphabet)
        grown = self.log_probs[:, None] + table[self.states, :-1]
        texts = tuple(text + letter for text in self.texts for letter in alphabet)
        return self._kept(texts, np.tile(np.arange(size), len(self.texts)), grown.ravel())

    @staticmethod
    def _kept(
        texts: tuple[str, ...],
        states: Int64[np.ndarray, " k"],
        log_probs: Float64[np.ndarray, " k"],
    ) -> "_Prefixes":
        possible = np.flatnonzero(log_probs > -np.inf)
        return _Prefixes(
            tuple(texts[i] for i in possible.tolist()), states[possible], log_probs[possible]
        )
