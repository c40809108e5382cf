import math
from collections.abc import Iterator

import pytest

from klimit.core.errors import BackendError, InputError
from klimit.models.backends.openai import OpenAIModel, open_endpoint
from klimit.models.protocols import Request
from tests.models.endpoint import Endpoint, serving


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KLIMIT_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving(Endpoint()) as endpoint:
        yield endpoint


def drawn(endpoint: Endpoint, n: int = 4, prompt: str = "Hello?") -> list[str]:
    model = open_endpoint(endpoint.address)
    try:
        return [c.text for c in model.complete(Request(prompt, n, 100, 8))]
    finally:
        model.close()


def expected(endpoint: Endpoint, n: int = 4) -> list[str]:
    messages = [endpoint.choice(i, 100 + i)["message"] for i in range(n)]
    return [message["content"] for message in messages if isinstance(message, dict)]


def test_one_request_brings_all_draws_in_the_order_of_their_seeds(endpoint: Endpoint) -> None:
    assert drawn(endpoint) == expected(endpoint)
    assert [request["n"] for request in endpoint.requests] == [4]


def test_the_model_is_asked_for_its_own_distribution(endpoint: Endpoint) -> None:
    drawn(endpoint)
    body = endpoint.requests[0]
    assert (body["temperature"], body["top_p"], body["top_k"], body["min_p"]) == (1, 1, -1, 0)
    assert (body["repetition_penalty"], body["samplers"]) == (1, ["temperature"])
    assert body["model"] == "small"


def test_an_endpoint_that_ignores_n_is_asked_once_a_draw_each_with_its_own_seed(
    endpoint: Endpoint,
) -> None:
    endpoint.honours_n = False
    assert drawn(endpoint) == expected(endpoint)
    assert sorted(int(str(r["seed"])) for r in endpoint.requests) == [100, 101, 102, 103]


def test_an_endpoint_that_refuses_unknown_fields_is_asked_without_and_the_run_says_so(
    endpoint: Endpoint,
) -> None:
    endpoint.strict = True
    model = open_endpoint(endpoint.address)
    assert "all off" not in model.conditions["truncation"] or not endpoint.requests
    (completion, *_) = model.complete(Request("Hello?", 2, 100, 8))
    assert completion.log_prob == -10.5
    assert "takes no more" in model.conditions["truncation"]
    model.complete(Request("Hello?", 2, 102, 8))
    assert len(endpoint.requests) == 3  # what was learnt is kept
    model.close()


def test_a_log_probability_that_is_not_told_is_unknown_and_not_zero(endpoint: Endpoint) -> None:
    endpoint.gives_log_probs = False
    model = open_endpoint(endpoint.address)
    (completion,) = model.complete(Request("Hello?", 1, 100, 8))
    assert math.isnan(completion.log_prob)
    assert completion.tokens is None
    assert model.conditions["log-probabilities"] == "not given"
    endpoint.gives_log_probs = True
    model.complete(Request("Hello?", 1, 101, 8))
    assert model.conditions["log-probabilities"] == "yes"
    model.close()


def test_log_probabilities_are_summed_and_the_end_is_told(endpoint: Endpoint) -> None:
    model = open_endpoint(endpoint.address)
    cut, ended = model.complete(Request("Hello?", 2, 100, 8))
    model.close()
    assert (cut.log_prob, cut.tokens) == (-10.5, 6)
    assert (cut.finished, ended.finished) == (False, True)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_endpoint_is_asked_again(endpoint: Endpoint, status: int) -> None:
    endpoint.failures = [status, status]
    assert drawn(endpoint) == expected(endpoint)


def test_an_endpoint_that_stays_broken_is_a_backend_error_in_one_line(
    endpoint: Endpoint,
) -> None:
    model = open_endpoint(endpoint.address)
    endpoint.failures = [500] * 50
    with pytest.raises(BackendError, match="says 500: come back later; what was drawn is kept"):
        model.complete(Request("Hello?", 1, 100, 8))
    model.close()


def test_nobody_at_the_address_is_a_backend_error() -> None:
    with pytest.raises(BackendError, match=r"127\.0\.0\.1:9/v1 does not answer"):
        open_endpoint("http://127.0.0.1:9")


def test_a_refused_key_names_the_variables_and_never_the_key(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint.key = "sk-right"
    with pytest.raises(BackendError, match="without an API key"):
        open_endpoint(endpoint.address)
    monkeypatch.setenv("KLIMIT_API_KEY", "sk-wrong")
    with pytest.raises(BackendError, match="KLIMIT_API_KEY or OPENAI_API_KEY") as refused:
        open_endpoint(endpoint.address)
    assert "sk-wrong" not in str(refused.value)


def test_a_key_that_the_endpoint_echoes_is_taken_out(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint.key = "sk-right"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-right")
    with pytest.raises(BackendError, match=r"too long, key was Bearer \[key\]"):
        drawn(endpoint, prompt="long " * 1000)


def test_user_and_password_in_an_address_are_shown_nowhere(endpoint: Endpoint) -> None:
    address = endpoint.address.replace("http://", "http://me:secret@")
    model = open_endpoint(address)
    assert "secret" not in str(model.facts)
    endpoint.failures = [404] * 9
    with pytest.raises(BackendError) as refused:
        model.complete(Request("Hello?", 1, 100, 8))
    assert "secret" not in str(refused.value)
    model.close()


def test_of_several_models_one_must_be_chosen(endpoint: Endpoint) -> None:
    endpoint.models = ("small", "large")
    with pytest.raises(InputError, match=r"several models: small, large; choose .*#NAME"):
        open_endpoint(endpoint.address)
    model = open_endpoint(f"{endpoint.address}/v1#large")
    model.complete(Request("Hello?", 1, 100, 8))
    model.close()
    assert endpoint.requests[0]["model"] == "large"


def test_an_address_without_a_host_is_refused() -> None:
    with pytest.raises(InputError, match="an endpoint is http://host:port, got 'http://'"):
        open_endpoint("http://")


def test_a_reply_that_is_no_json_is_a_backend_error(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Endpoint, "reply", lambda *_: (200, ["not", "an", "object"]))
    model = OpenAIModel(endpoint.address, name="small")
    with pytest.raises(BackendError, match="says 200"):
        model.complete(Request("Hello?", 1, 100, 8))
    model.close()


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://[bad/v1", "an endpoint is http://host:port, got no address: Invalid IPv6 URL"),
        ("http:///v1", "an endpoint is http://host:port, got 'http:///v1'"),
        ("http://host:port/v1", "http://host:port/v1 is no address: "),
    ],
)
def test_what_is_no_address_is_refused(address: str, told: str) -> None:
    with pytest.raises(InputError) as error:
        open_endpoint(address)
    assert told in str(error.value)
