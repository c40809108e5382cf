import threading
import time
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klimit.core.errors import BackendError
from klimit.core.rng import draw_seed
from klimit.models.protocols import Completion, Request
from klimit.sample.draw import Drawn, Wanted, draw_all


@dataclass
class Recorder:
    """A model whose response is its seed; it may fail or be interrupted at a seed.

    No other request ends before a slow one has begun, however late its thread is.
    """

    fails_at: int = -1
    slow_at: int = -1
    seeds: list[int] = field(default_factory=list)
    most_at_once: int = 0
    now: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    begun: threading.Event = field(default_factory=threading.Event)

    @property
    def name(self) -> str:
        return "recorder"

    @property
    def facts(self) -> dict[str, str]:
        return {}

    @property
    def conditions(self) -> dict[str, str]:
        return {}

    def complete(self, request: Request) -> list[Completion]:
        seeds = range(request.seed, request.seed + request.n)
        with self.lock:
            self.now += 1
            self.most_at_once = max(self.most_at_once, self.now)
            self.seeds += seeds
        slow = self.slow_at in seeds
        if slow:
            self.begun.set()
        elif self.slow_at >= 0:
            assert self.begun.wait(10)
        time.sleep(0.2 if slow else 0.001)
        with self.lock:
            self.now -= 1
        if self.fails_at in seeds:
            raise BackendError("the server is gone")
        return [Completion(str(seed), 1, -1.0, finished=True) for seed in seeds]

    def close(self) -> None:
        pass


def seed_of(prompt: int, draw: int) -> int:
    return draw_seed(7, prompt=prompt, draw=draw)


def drawn_from(model: Recorder, wanted: list[Wanted], **how: int) -> list[Drawn]:
    drawn: list[Drawn] = []
    draw_all(
        model,
        wanted,
        seed=7,
        max_tokens=8,
        on_drawn=drawn.extend,
        on_stop=lambda draws: pytest.fail(f"stopped before {draws} draws"),
        **how,
    )
    return drawn


@given(
    st.lists(st.sets(st.integers(0, 40)), min_size=1, max_size=4),
    st.integers(1, 9),
    st.integers(1, 5),
)
def test_every_draw_is_made_once_with_its_own_seed_however_they_are_batched(
    asked: list[set[int]], batch: int, in_flight: int
) -> None:
    wanted = [Wanted(i, f"prompt {i}", sorted(draws)) for i, draws in enumerate(asked)]
    model = Recorder()
    drawn = drawn_from(model, wanted, batch=batch, in_flight=in_flight)
    keys = sorted((one.index, one.draw) for one in drawn)
    assert keys == sorted((i, draw) for i, draws in enumerate(asked) for draw in draws)
    assert all(one.seed == seed_of(one.index, one.draw) for one in drawn)
    assert all(one.completion.text == str(one.seed) for one in drawn)


def test_several_requests_are_in_flight_and_never_more_than_allowed() -> None:
    model = Recorder()
    drawn_from(model, [Wanted(0, "prompt", range(60))], batch=2, in_flight=3)
    assert 1 < model.most_at_once <= 3


def test_a_failure_hands_over_what_is_in_flight_and_sends_nothing_further() -> None:
    model = Recorder(fails_at=seed_of(0, 0), slow_at=seed_of(0, 2))
    drawn: list[Drawn] = []
    waited_for: list[int] = []
    with pytest.raises(BackendError, match="the server is gone"):
        draw_all(
            model,
            [Wanted(0, "prompt", range(40))],
            seed=7,
            max_tokens=8,
            on_drawn=drawn.extend,
            on_stop=waited_for.append,
            batch=2,
            in_flight=2,
        )
    assert waited_for == [2]
    assert {2, 3} <= {one.draw for one in drawn}
    assert len(drawn) == len(model.seeds) - 2  # all that was sent, less the request that failed
    assert len(model.seeds) < 40


def test_an_interrupt_keeps_what_is_in_flight() -> None:
    model = Recorder(slow_at=seed_of(0, 2))
    drawn: list[Drawn] = []
    waited_for: list[int] = []

    def keep(some: list[Drawn]) -> None:
        drawn.extend(some)
        if len(drawn) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw_all(
            model,
            [Wanted(0, "prompt", range(40))],
            seed=7,
            max_tokens=8,
            on_drawn=keep,
            on_stop=waited_for.append,
            batch=2,
            in_flight=2,
        )
    assert waited_for == [2]
    assert {2, 3} <= {one.draw for one in drawn}
    assert len(model.seeds) < 40
