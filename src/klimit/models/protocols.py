"""What a sampler asks of a language model: a request, completions, and one method between."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

__all__ = ["Completion", "LanguageModel", "Request"]


@dataclass(frozen=True, slots=True)
class Request:
    """Several draws for one prompt, from the model's own distribution.

    Temperature is 1 and nothing is truncated: what is drawn is the reference policy itself.

    Attributes:
        prompt: The user's message; the model's chat template, if any, is put around it.
        n: Number of draws, at least 1.
        seed: Seed of the first draw; draw ``i`` of the request has seed ``seed + i``.
        max_tokens: Most tokens of a response, at least 1.
    """

    prompt: str
    n: int
    seed: int
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Completion:
    """One response.

    Attributes:
        text: The response.
        tokens: Number of its tokens, the end token included if it was drawn; ``None`` where the
            backend does not tell.
        log_prob: Log-probability of these tokens under the model at temperature 1, in nats,
            summed; ``nan`` where the backend does not tell.
        finished: Whether the model ended the response itself; else it was cut off.
    """

    text: str
    tokens: int | None
    log_prob: float
    finished: bool


@runtime_checkable
class LanguageModel(Protocol):
    """A model that can be drawn from.

    Whether equal requests give equal draws is for the backend to say.
    """

    @property
    def name(self) -> str:
        """What the model is called, for tables and reports."""
        ...

    @property
    def facts(self) -> dict[str, str]:
        """What it takes to find this model again: engine, place, checksum; no secrets."""
        ...

    @property
    def conditions(self) -> dict[str, str]:
        """How draws were made, known once there are some: temperature, truncation and such."""
        ...

    def complete(self, request: Request) -> list[Completion]:
        """Draw.

        Args:
            request: What to draw.

        Returns:
            ``request.n`` completions, in the order of their seeds. Several threads may ask at
            once.

        Raises:
            BackendError: The model failed, or refused the request.
        """
        ...

    def close(self) -> None:
        """Free what the model holds; requests in flight may fail."""
        ...
