"""What an endpoint answers, read with distrust."""

import json
from importlib.metadata import EntryPoint

import pytest

from klimit.core.errors import BackendError, InputError
from klimit.models import plugins
from klimit.models.backends import registry
from klimit.models.backends.replies import Reply, complaint, completions_of, retry_after
from klimit.models.rewards.registry import Reward
from klimit.models.toy import ToyModel


def open_toy(name: str) -> ToyModel:
    assert name == "a:b"
    return ToyModel("a", [[0.5, 0.5], [0.5, 0.5]])


def reply(body: object) -> Reply:
    return Reply.of(200, json.dumps(body).encode())


@pytest.mark.parametrize("body", [{}, {"choices": None}, {"choices": ["text"]}, [1]])
def test_a_reply_without_choices_is_refused_with_its_beginning(body: object) -> None:
    with pytest.raises(BackendError, match="host answered without a list of choices: "):
        completions_of(reply(body), "host")


def test_a_choice_without_a_message_is_refused() -> None:
    with pytest.raises(BackendError, match="host sent a choice without a message"):
        completions_of(reply({"choices": [{"index": 0, "text": "hi"}]}), "host")


@pytest.mark.parametrize("token", [{}, {"logprob": "low"}, {"logprob": None}, 7])
def test_log_probabilities_that_are_no_numbers_are_refused(token: object) -> None:
    choice = {"message": {"content": "hi"}, "logprobs": {"content": [token]}}
    with pytest.raises(BackendError, match="host sent log-probabilities that are none"):
        completions_of(reply({"choices": [choice]}), "host")


@pytest.mark.parametrize(
    ("asked", "seconds"), [("3", 3.0), ("-1", 0.0), ("9999", 60.0), ("Wed, 21 Oct", 0.0)]
)
def test_a_pause_is_at_most_a_minute_and_none_where_it_is_a_date(
    asked: str, seconds: float
) -> None:
    assert retry_after({"retry-after": asked}) == seconds


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"error": {"message": "too long"}}, "too long"),
        ({"error": "busy"}, "busy"),
        ({"message": "no"}, "no"),
        ({"detail": "gone"}, "gone"),
    ],
)
def test_a_complaint_is_found_wherever_servers_put_it(body: object, told: str) -> None:
    assert complaint(reply(body)) == told


def test_an_empty_reply_complains_of_nothing() -> None:
    assert complaint(Reply.of(500, b"")) == "nothing"


def test_a_model_of_no_known_kind_is_refused_with_the_kinds() -> None:
    with pytest.raises(
        InputError, match=r"or BACKEND:NAME with a backend of .*openai.*'small'"
    ):
        registry.open_model("small")


def test_a_backend_that_another_package_brings_is_opened_by_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    point = EntryPoint("mine", "tests.models.test_replies:open_toy", registry.GROUP)
    for module in (registry, plugins):
        monkeypatch.setattr(module, "entry_points", lambda **_: (point,))
    assert registry.known_backends() == {"mine": "tests.models.test_replies"}
    assert registry.backend_for("mine:a:b") == ("mine", "a:b")
    model = registry.open_model("mine:a:b")
    assert isinstance(model, ToyModel)


def test_a_reward_is_called_as_its_function_is() -> None:
    def mean_word_length(prompts: object, responses: object) -> list[float]:
        raise NotImplementedError

    assert Reward("mine", "here", mean_word_length).label == "mean word length"
