"""Many draws from a model, several requests in flight, each draw handed over as it arrives."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from itertools import islice
from threading import Thread

from klimit.core.rng import draw_seed
from klimit.models.protocols import Completion, LanguageModel, Request

__all__ = ["Drawn", "Wanted", "draw_all"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Draws of one prompt that are to be made.

    Attributes:
        index: Index of the prompt, which seeds depend on.
        prompt: Its text.
        draws: Indices of the draws, rising.
    """

    index: int
    prompt: str
    draws: Sequence[int]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One draw.

    Attributes:
        index: Index of its prompt.
        draw: Its own index.
        seed: Its seed.
        completion: What came.
    """

    index: int
    draw: int
    seed: int
    completion: Completion


def draw_all(  # noqa: PLR0913  (a run has that many settings)
    model: LanguageModel,
    wanted: Sequence[Wanted],
    *,
    seed: int,
    max_tokens: int,
    on_drawn: Callable[[list[Drawn]], None],
    on_stop: Callable[[int], None],
    batch: int = 32,
    in_flight: int = 3,
) -> None:
    """Make draws.

    When one request fails, or the user interrupts, no further one is sent; those in flight are
    waited for and handed over before the error is raised. A second interrupt drops them.

    Args:
        model: The model.
        wanted: What to draw.
        seed: Root seed of the run.
        max_tokens: Most tokens of a response.
        on_drawn: Takes draws as they arrive, in the thread of the caller, in any order.
        on_stop: Takes how many draws are waited for once no further request is sent.
        batch: Most draws in one request; they are of one prompt and have neighbouring indices.
        in_flight: Most requests at a time.

    Raises:
        BackendError: The model failed.
    """
    requests = _requests(wanted, seed, max_tokens, batch)
    flying: dict[Future[list[Completion]], _Sent] = {}

    def send(count: int) -> None:
        for sent in islice(requests, count):
            flying[_begun(model, sent.request)] = sent

    try:
        send(in_flight)
        while flying:
            done, _ = wait(flying, return_when=FIRST_COMPLETED)
            for future in done:
                on_drawn(flying[future].drawn(future.result()))
                del flying[future]
            send(len(done))
    except BaseException:
        on_stop(sum(sent.request.n for future, sent in flying.items() if not future.done()))
        for future, sent in flying.items():
            if future.exception() is None:
                on_drawn(sent.drawn(future.result()))
        raise


def _begun(model: LanguageModel, request: Request) -> Future[list[Completion]]:
    """A request on its way, in a thread that a program which ends does not wait for."""
    future: Future[list[Completion]] = Future()

    def complete() -> None:
        try:
            future.set_result(model.complete(request))
        except BaseException as error:  # noqa: BLE001  (raised where the result is asked for)
            future.set_exception(error)

    Thread(target=complete, daemon=True).start()
    return future


@dataclass(frozen=True, slots=True)
class _Sent:
    index: int
    first: int
    request: Request

    def drawn(self, completions: list[Completion]) -> list[Drawn]:
        return [
            Drawn(self.index, self.first + i, self.request.seed + i, completion)
            for i, completion in enumerate(completions)
        ]


def _requests(
    wanted: Sequence[Wanted], seed: int, max_tokens: int, batch: int
) -> Iterator[_Sent]:
    for want in wanted:
        for first, count in _stretches(want.draws, batch):
            start = draw_seed(seed, prompt=want.index, draw=first)
            yield _Sent(want.index, first, Request(want.prompt, count, start, max_tokens))


def _stretches(draws: Sequence[int], most: int) -> Iterator[tuple[int, int]]:
    """Neighbouring indices in stretches of at most ``most``: the first, and how many.

    >>> list(_stretches([0, 1, 2, 5, 6], 2))
    [(0, 2), (2, 1), (5, 2)]
    """
    start = count = 0
    for draw in draws:
        if count and (draw != start + count or count == most):
            yield start, count
            count = 0
        start, count = (draw if count == 0 else start), count + 1
    if count:
        yield start, count
