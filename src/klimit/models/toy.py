"""A language model small enough to list all that it can say."""

from typing import Final

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike

from klimit.core.errors import BackendError, InputError
from klimit.models.protocols import Completion, Request
from klimit.models.toy_responses import ToyResponses, list_responses

__all__ = ["ToyModel"]

_TOLERANCE: Final = 1e-9


class ToyModel:
    """A Markov chain on the letters of an alphabet, with an end token.

    A response goes on from the last letter of its prompt, or from the beginning if that is no
    letter of the alphabet; every letter is one token. So each prompt has its own law, and all
    of its responses can be listed: the truth that samplers and estimates are measured by.

    Equal seeds give equal draws, whatever the request that they are part of.
    """

    def __init__(
        self, alphabet: str, probs: ArrayLike, *, context: int = 4096, name: str = "toy"
    ) -> None:
        """Check the transitions.

        Args:
            alphabet: The ``v`` letters, all different.
            probs: Next-token probabilities, shape ``(v + 1, v + 1)``: a row for each letter and
                a last one for the beginning; a column for each letter and a last one for the
                end token. Rows sum to 1 within ``1e-9``.
            context: Most tokens of prompt and response together.
            name: What the model is called.

        Raises:
            InputError: Letters are equal, or a row is no distribution.

        Example:
            >>> model = ToyModel("ab", [[0.5, 0.2, 0.3], [0.1, 0.4, 0.5], [0.6, 0.4, 0.0]])
            >>> responses = model.responses("say", max_tokens=2)
            >>> responses.texts, np.exp(responses.log_probs).round(2)
            (('a', 'b', 'aa', 'ab', 'ba', 'bb'), array([0.18, 0.2 , 0.3 , 0.12, 0.04, 0.16]))
        """
        if len(set(alphabet)) != len(alphabet) or not alphabet:
            raise InputError(
                f"an alphabet has one letter or more, all different, got {alphabet!r}"
            )
        self._alphabet, self._context, self._name = alphabet, context, name
        self._probs = _distributions(probs, len(alphabet) + 1)
        with np.errstate(divide="ignore"):
            self._log_probs = np.log(self._probs)

    @classmethod
    def from_rng(
        cls, alphabet: str, *, rng: np.random.Generator | int, context: int = 4096
    ) -> "ToyModel":
        """A model with transitions of its own, uniform on all there are.

        Args:
            alphabet: The letters.
            rng: Where the transitions come from.
            context: Most tokens of prompt and response together.

        Returns:
            The model.

        Example:
            >>> ToyModel.from_rng("ab", rng=0).name
            'toy'
        """
        size = len(alphabet) + 1
        rows = np.random.default_rng(rng).dirichlet(np.ones(size), size=size)
        return cls(alphabet, rows, context=context)

    @property
    def name(self) -> str:
        """What the model is called."""
        return self._name

    @property
    def facts(self) -> dict[str, str]:
        """The alphabet; the transitions are not told."""
        return {"backend": "toy", "alphabet": self._alphabet, "context": str(self._context)}

    @property
    def conditions(self) -> dict[str, str]:
        """Temperature 1, nothing truncated."""
        return {"temperature": "1", "truncation": "none", "log-probabilities": "yes"}

    def complete(self, request: Request) -> list[Completion]:
        """Draw.

        Args:
            request: What to draw.

        Returns:
            ``request.n`` completions, in the order of their seeds.

        Raises:
            InputError: ``max_tokens`` is not positive.
            BackendError: Prompt and response together are longer than the context.
        """
        state = self._state(request.prompt, request.max_tokens)
        return [
            self._draw(state, request.seed + i, request.max_tokens) for i in range(request.n)
        ]

    def close(self) -> None:
        """Nothing is held."""

    def responses(self, prompt: str, *, max_tokens: int) -> ToyResponses:
        """List every response that has a probability above 0.

        Args:
            prompt: The prompt.
            max_tokens: Most tokens of a response, at least 1.

        Returns:
            The responses, the shortest first; their probabilities sum to 1.

        Raises:
            InputError: ``max_tokens`` is not positive, or they are more than two million.
            BackendError: Prompt and response together are longer than the context.

        Example:
            >>> model = ToyModel.from_rng("abc", rng=0)
            >>> responses = model.responses("?", max_tokens=5)
            >>> len(responses.texts), round(float(np.exp(responses.log_probs).sum()), 12)
            (364, 1.0)
        """
        state = self._state(prompt, max_tokens)
        return list_responses(
            self._alphabet, self._log_probs, start=state, max_tokens=max_tokens
        )

    def _state(self, prompt: str, max_tokens: int) -> int:
        if max_tokens < 1:
            raise InputError(f"max_tokens must be at least 1, got {max_tokens}")
        if len(prompt) + max_tokens > self._context:
            raise BackendError(
                f"{self._name} holds {self._context} tokens, the prompt has {len(prompt)} and "
                f"the response may have {max_tokens}"
            )
        place = self._alphabet.find(prompt[-1]) if prompt else -1
        return place if place >= 0 else len(self._alphabet)

    def _draw(self, state: int, seed: int, max_tokens: int) -> Completion:
        rng = np.random.default_rng(seed)
        end = len(self._alphabet)
        tokens: list[int] = []
        log_prob = 0.0
        while len(tokens) < max_tokens and (not tokens or tokens[-1] != end):
            token = int(rng.choice(end + 1, p=self._probs[state]))
            log_prob += float(self._log_probs[state, token])
            tokens.append(token)
            state = token
        finished = tokens[-1] == end
        text = "".join(self._alphabet[token] for token in tokens if token != end)
        return Completion(text, len(tokens), log_prob, finished)


def _distributions(probs: ArrayLike, size: int) -> Float64[np.ndarray, "s s"]:
    table = np.asarray(probs, dtype=np.float64)
    if table.shape != (size, size):
        raise InputError(
            f"{size - 1} letters need a row for each and one for the beginning, and as many "
            f"columns: shape ({size}, {size}), got {table.shape}"
        )
    sums = table.sum(axis=1)
    bad = np.flatnonzero(~((np.abs(sums - 1) <= _TOLERANCE) & (table >= 0).all(axis=1)))
    if bad.size:
        raise InputError(
            f"row {bad[0]} must be a distribution, got numbers from {table[bad[0]].min():g} "
            f"that sum to {sums[bad[0]]:.9g}"
        )
    rows: Float64[np.ndarray, "s s"] = table / sums[:, None]
    return rows
