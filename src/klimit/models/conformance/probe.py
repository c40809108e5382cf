"""What a backend is asked while its laws are checked."""

from dataclasses import dataclass

from klimit.core.errors import ConformanceError
from klimit.core.rng import draw_seed
from klimit.models.protocols import Completion, LanguageModel, Request

__all__ = ["Probe", "require"]


@dataclass(frozen=True, slots=True)
class Probe:
    """The questions put to a backend.

    Attributes:
        prompts: Some prompts that the model answers in different ways.
        n: Draws of one request.
        draws: Draws a prompt for the statistical laws; more find smaller faults.
        max_tokens: Most tokens of a response.
        seed: Root of all seeds.
        level: Largest probability that a right backend breaks one statistical law.
        tolerance: Largest difference of a log-probability between two runs, in nats: what
            batching may do to it. Responses whose log-probability varies more are passed over.
        long_prompt: A prompt beyond the model's context.

    Example:
        >>> Probe(n=4).request(0).n
        4
    """

    prompts: tuple[str, ...] = ("Say something.", "Tell me about cats.")
    n: int = 8
    draws: int = 256
    max_tokens: int = 16
    seed: int = 0
    level: float = 1e-6
    tolerance: float = 1e-6
    long_prompt: str = "word " * 200_000

    def request(self, prompt: int, *, first: int = 0, n: int | None = None) -> Request:
        """A request for some draws of a prompt, with the seeds that a run gives them.

        Args:
            prompt: Index of the prompt.
            first: Index of the first draw.
            n: Number of draws; ``None`` for the usual one.

        Returns:
            The request.
        """
        return Request(
            prompt=self.prompts[prompt],
            n=self.n if n is None else n,
            seed=draw_seed(self.seed, prompt=prompt, draw=first),
            max_tokens=self.max_tokens,
        )

    def many(
        self, model: LanguageModel, prompt: int, *, max_tokens: int | None = None
    ) -> list[Completion]:
        """All draws for the statistical laws, as a run makes them: request after request.

        Args:
            model: The model.
            prompt: Index of the prompt.
            max_tokens: Most tokens of a response; ``None`` for the usual number.

        Returns:
            ``draws`` completions.
        """
        found: list[Completion] = []
        while len(found) < self.draws:
            size = min(self.n, self.draws - len(found))
            seed = draw_seed(self.seed, prompt=prompt, draw=len(found))
            most = self.max_tokens if max_tokens is None else max_tokens
            found += model.complete(Request(self.prompts[prompt], size, seed, most))[:size]
        return found


def require(holds: bool, broken: str) -> None:  # noqa: FBT001  (reads as an assertion)
    """Raise if a law does not hold.

    Args:
        holds: Whether it does.
        broken: What was needed and what came.

    Raises:
        ConformanceError: It does not.

    Example:
        >>> require(1 + 1 == 2, "sums must be right")
    """
    if not holds:
        raise ConformanceError(broken)
