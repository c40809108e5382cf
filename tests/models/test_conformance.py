"""The laws of a backend hold for the toy model, and each fault breaks one of them."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from klimit import InputError
from klimit.core.errors import BackendError, ConformanceError
from klimit.models import conformance
from klimit.models.conformance import LAWS, LAWS_IF_REPEATABLE, Law, Probe, check_matches
from klimit.models.protocols import Completion, Request
from klimit.models.toy import ToyModel

PROBE = Probe(prompts=("?", "go on, b"), long_prompt="x" * 5000)
ALPHABET = "abcdefgh"


def toy() -> ToyModel:
    return ToyModel.from_rng(ALPHABET, rng=0)


@pytest.mark.parametrize("law", [*LAWS, *LAWS_IF_REPEATABLE], ids=lambda law: law.__name__)
def test_the_toy_model_conforms(law: Law) -> None:
    law(toy(), PROBE)


@pytest.mark.parametrize("seed", range(3))
def test_draws_of_the_toy_model_follow_what_it_lists(seed: int) -> None:
    model = ToyModel.from_rng("abc", rng=seed)
    probe = replace(PROBE, draws=4000, max_tokens=5, seed=seed, level=1e-3)
    listed = [model.responses(prompt, max_tokens=5) for prompt in probe.prompts]
    check_matches(model, probe, listed)


def test_every_law_is_listed() -> None:
    named = {name for name in conformance.__all__ if name.startswith("check_")}
    assert {law.__name__ for law in (*LAWS, *LAWS_IF_REPEATABLE)} == named - {"check_matches"}


class Faulty(ToyModel):
    """A toy model with a fault in what it answers."""

    def __init__(self, fault: "Fault") -> None:
        rows = np.random.default_rng(0).dirichlet(np.ones(9), size=9)
        super().__init__(ALPHABET, rows)
        self.fault, self.calls = fault, count()

    def complete(self, request: Request) -> list[Completion]:
        return self.fault(self, request)

    def right(self, request: Request) -> list[Completion]:
        return super().complete(request)


Fault = Callable[[Faulty, Request], list[Completion]]


def changed(change: Callable[[Completion], Completion]) -> Fault:
    return lambda model, request: [change(d) for d in model.right(request)]


def asked(change: Callable[[Request], Request]) -> Fault:
    return lambda model, request: model.right(change(request))


def one_seed(model: Faulty, request: Request) -> list[Completion]:
    return model.right(replace(request, n=1)) * request.n


def seeds_by_request(model: Faulty, request: Request) -> list[Completion]:
    return model.right(replace(request, seed=request.seed * 1000))


def counted(model: Faulty, request: Request) -> list[Completion]:
    return model.right(replace(request, seed=next(model.calls)))


def overlapping(model: Faulty, request: Request) -> list[Completion]:
    return model.right(replace(request, seed=request.seed // 2))


def jumbled(model: Faulty, request: Request) -> list[Completion]:
    return model.right(request)[::-1]


def hotter(model: Faulty, request: Request) -> list[Completion]:
    """Draws at temperature 2, log-probabilities at 1."""
    rows = np.exp(np.log(np.random.default_rng(0).dirichlet(np.ones(9), size=9)) / 2)
    warm = ToyModel(ALPHABET, rows / rows.sum(axis=1, keepdims=True)).complete(request)
    listed = model.responses(request.prompt, max_tokens=1)
    truth = dict(zip(listed.texts, listed.log_probs.tolist(), strict=True))
    return [replace(d, log_prob=truth.get(d.text, d.log_prob)) for d in warm]


def without_end(model: Faulty, request: Request) -> list[Completion]:
    """The end token is left out of the sum."""
    last = {
        letter: float(model.responses(letter, max_tokens=1).log_probs[0]) for letter in ALPHABET
    }
    first = float(model.responses(request.prompt, max_tokens=1).log_probs[0])
    return [
        replace(d, log_prob=d.log_prob - (last[d.text[-1]] if d.text else first))
        if d.finished
        else d
        for d in model.right(request)
    ]


def answers_anything(model: Faulty, request: Request) -> list[Completion]:
    return model.right(replace(request, prompt=request.prompt[-100:]))


def other_error(model: Faulty, request: Request) -> list[Completion]:
    if len(request.prompt) > 4000:
        raise InputError("too long")
    return model.right(request)


def two_lines(model: Faulty, request: Request) -> list[Completion]:
    if len(request.prompt) > 4000:
        raise BackendError("Traceback:\n  too long")
    return model.right(request)


def dies(model: Faulty, request: Request) -> list[Completion]:
    if len(request.prompt) > 4000:
        next(model.calls)
    found = model.right(request)
    return found if repr(model.calls) == "count(0)" else []


def cut(d: Completion) -> Completion:
    return replace(d, finished=False)


FAULTS: dict[str, tuple[Fault, str, str]] = {
    "one too few": (
        lambda model, request: model.right(request)[1:],
        "check_counts",
        "a request for 1 draws must bring 1, brought 0",
    ),
    "one too many": (
        asked(lambda request: replace(request, n=request.n + 1)),
        "check_counts",
        "must bring 1, brought 2",
    ),
    "length ignored": (
        asked(lambda request: replace(request, max_tokens=40)),
        "check_lengths",
        "a response of at most 1 tokens must have 1 to 1",
    ),
    "no token": (changed(lambda d: replace(d, tokens=0)), "check_lengths", "has 0"),
    "never finished": (changed(cut), "check_lengths", "so finished must be true"),
    "above 1": (
        changed(lambda d: replace(d, log_prob=-d.log_prob)),
        "check_log_probs",
        "finite and at most 0",
    ),
    "infinite": (
        changed(lambda d: replace(d, log_prob=-np.inf)),
        "check_log_probs",
        "finite and at most 0, is -inf",
    ),
    "told for some": (
        changed(lambda d: replace(d, log_prob=np.nan) if d.finished else d),
        "check_log_probs",
        "for all draws or for none",
    ),
    "end token left out": (without_end, "check_total_probability", "is the end token in"),
    "hotter": (hotter, "check_frequencies", "as its log-probability says"),
    "one seed a request": (one_seed, "check_seeds_differ", "must not all be equal"),
    "seed ignored": (
        asked(lambda request: replace(request, seed=0)),
        "check_seeds_differ",
        "must give different draws",
    ),
    "seeds used twice": (overlapping, "check_fresh_draws", "two of them share a seed"),
    "never the same": (counted, "check_repeatable", "must be the same the same request"),
    "seeds by request": (seeds_by_request, "check_any_batching", "asked for one by one"),
    "jumbled": (jumbled, "check_any_batching", "asked for one by one"),
    "counted": (counted, "check_any_thread", "by several threads at once"),
    "answers anything": (answers_anything, "check_refusal", "must be refused, was answered"),
    "another error": (other_error, "check_refusal", "must be a BackendError, was InputError"),
    "two lines": (two_lines, "check_refusal", "a refusal must be one line"),
    "dies of it": (dies, "check_refusal", "a request for 1 draws must bring 1, brought 0"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_breaks_a_law(name: str) -> None:
    fault, law, message = FAULTS[name]
    with pytest.raises(ConformanceError, match=message):
        getattr(conformance, law)(Faulty(fault), PROBE)


def test_a_law_broken_is_a_failure_to_pytest() -> None:
    assert issubclass(ConformanceError, AssertionError)


class Nameless(ToyModel):
    @property
    def facts(self) -> dict[str, str]:
        return {"engine": "two\nlines"}


def test_a_description_of_two_lines_is_refused() -> None:
    with pytest.raises(ConformanceError, match="engine must be a line of text"):
        conformance.check_description(Nameless("a", [[0.5, 0.5], [0.5, 0.5]]), PROBE)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_a_model_need_not_tell_log_probabilities_or_lengths(law: Law) -> None:
    law(Faulty(changed(lambda d: replace(d, log_prob=np.nan, tokens=None))), PROBE)


@pytest.fixture
def mistaken() -> tuple[ToyModel, ToyModel]:
    """Two models that differ by a little."""
    table = np.array([[0.5, 0.2, 0.3], [0.1, 0.4, 0.5], [0.6, 0.3, 0.1]])
    other = table + np.array([[0.05, -0.05, 0.0]])
    return ToyModel("ab", table), ToyModel("ab", other)


def test_another_law_than_the_one_listed_is_found(
    mistaken: tuple[ToyModel, ToyModel],
) -> None:
    drawn, listed = mistaken
    probe = replace(PROBE, draws=4000, max_tokens=3, tolerance=np.inf)
    with pytest.raises(ConformanceError, match="must follow the law listed: chi-square"):
        check_matches(
            drawn, probe, [listed.responses(prompt, max_tokens=3) for prompt in probe.prompts]
        )


def test_other_log_probabilities_than_those_listed_are_found(
    mistaken: tuple[ToyModel, ToyModel],
) -> None:
    drawn, listed = mistaken
    with pytest.raises(ConformanceError, match="must have log-probability"):
        check_matches(
            drawn,
            PROBE,
            [listed.responses(prompt, max_tokens=PROBE.max_tokens) for prompt in PROBE.prompts],
        )


def test_a_response_that_cannot_come_is_found() -> None:
    drawn = ToyModel.from_rng("ab", rng=0)
    listed = drawn.responses("?", max_tokens=2)
    with pytest.raises(ConformanceError, match="cannot come, and came"):
        check_matches(drawn, replace(PROBE, prompts=("?",)), [listed])
