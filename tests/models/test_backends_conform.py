"""The laws of `klimit.models.conformance` hold for the backends that come along."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from klimit import InputError
from klimit.core.errors import BackendError
from klimit.models.backends.llama import LlamaModel, open_file
from klimit.models.backends.openai import open_endpoint
from klimit.models.conformance import LAWS, LAWS_IF_REPEATABLE, Law, Probe, check_matches
from klimit.models.protocols import LanguageModel
from klimit.models.toy import ToyModel
from klimit.models.weights import cached_weights
from tests.models.endpoint import Endpoint, serving

TOY = ToyModel.from_rng("abcdefgh", rng=0)
PROBE = Probe(prompts=("?", "go on, b"), long_prompt="x" * 5000)


@pytest.fixture(params=[True, False], ids=["n honoured", "n ignored"])
def remote(request: pytest.FixtureRequest) -> Iterator[LanguageModel]:
    with serving(Endpoint(model=TOY, longest=10_000, honours_n=request.param)) as endpoint:
        model = open_endpoint(endpoint.address)
        yield model
        model.close()


@pytest.mark.parametrize("law", [*LAWS, *LAWS_IF_REPEATABLE], ids=lambda law: law.__name__)
def test_an_openai_compatible_endpoint_conforms(remote: LanguageModel, law: Law) -> None:
    law(remote, PROBE)


def test_draws_over_http_follow_what_the_model_behind_lists() -> None:
    small = ToyModel.from_rng("abc", rng=1)
    with serving(Endpoint(model=small)) as endpoint:
        model = open_endpoint(endpoint.address)
        probe = replace(PROBE, draws=4000, max_tokens=5, level=1e-3)
        listed = [small.responses(prompt, max_tokens=5) for prompt in probe.prompts]
        check_matches(model, probe, listed)
        model.close()


@pytest.mark.parametrize(
    ("content", "error", "told"),
    [
        (b"PK an archive", InputError, "is no GGUF file: it begins with b'PK a'"),
        (b"GGUF, cut off", BackendError, "^llama.cpp cannot load '.*cut.gguf': "),
    ],
)
def test_what_llama_cpp_cannot_serve_is_refused_in_one_line(
    content: bytes, error: type[Exception], told: str, tmp_path: Path
) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(content)
    with pytest.raises(error, match=told) as refused:
        open_file(str(path))
    assert str(refused.value).isprintable()


@pytest.fixture(scope="module")
def own() -> Iterator[LanguageModel]:
    path = cached_weights("smollm2-135m-instruct")
    if path is None:
        pytest.skip("klimit models fetch smollm2-135m-instruct has not been run")
    model = LlamaModel(path)
    yield model
    model.close()


@pytest.mark.model
@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_demos_own_model_conforms(own: LanguageModel, law: Law) -> None:
    prompts = ("Answer yes or no: is water wet?", "Say a number.")
    law(own, Probe(prompts=prompts, long_prompt="word " * 40_000, draws=64, max_tokens=6))
