"""The toy model says what its list says, with the same probabilities."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from klimit import FiniteModel, InputError, frontier
from klimit.core.errors import BackendError
from klimit.models.protocols import LanguageModel, Request
from klimit.models.toy import ToyModel

ROWS = [[0.5, 0.2, 0.3], [0.1, 0.4, 0.5], [0.6, 0.4, 0.0]]


def test_it_is_a_language_model() -> None:
    assert isinstance(ToyModel("ab", ROWS), LanguageModel)


@given(size=st.integers(1, 4), max_tokens=st.integers(1, 5), seed=st.integers(0, 2**31))
@settings(max_examples=30, deadline=None)
def test_all_responses_together_are_certain_and_differ(
    size: int, max_tokens: int, seed: int
) -> None:
    model = ToyModel.from_rng("abcd"[:size], rng=seed)
    listed = model.responses("?", max_tokens=max_tokens)
    assert_allclose(np.exp(listed.log_probs).sum(), 1.0, rtol=1e-12)
    assert len(set(zip(listed.texts, listed.finished.tolist(), strict=True))) == len(
        listed.texts
    )
    assert len(listed.texts) == sum(size**k for k in range(max_tokens)) + size**max_tokens


def test_probabilities_are_products_of_transitions() -> None:
    table = np.array(ROWS)
    truth = {}
    for letters in product(range(3), repeat=3):
        end = letters.index(2) + 1 if 2 in letters else 3
        path = (2, *letters[:end])
        chance = np.prod([table[a, b] for a, b in pairwise(path)])
        text = "".join("ab"[k] for k in letters[:end] if k != 2)
        truth[text, end, 2 in letters] = chance
    listed = ToyModel("ab", ROWS).responses("", max_tokens=3)
    found = {
        (text, int(tokens), bool(finished)): np.exp(log_prob)
        for text, tokens, finished, log_prob in zip(
            listed.texts, listed.tokens, listed.finished, listed.log_probs, strict=True
        )
    }
    assert found.keys() == {key for key, chance in truth.items() if chance > 0}
    for key, chance in found.items():
        assert_allclose(chance, truth[key], rtol=1e-12)


def test_a_response_goes_on_from_the_last_letter_of_its_prompt() -> None:
    model = ToyModel("ab", ROWS)
    firsts = {
        prompt: model.responses(prompt, max_tokens=1).log_probs
        for prompt in ("xa", "b", "?", "")
    }
    assert_allclose(np.exp(firsts["xa"]), [0.3, 0.5, 0.2])
    assert_allclose(np.exp(firsts["b"]), [0.5, 0.1, 0.4])
    assert_allclose(np.exp(firsts["?"]), [0.6, 0.4])
    assert_allclose(firsts[""], firsts["?"])


def test_draws_carry_the_log_probability_that_is_listed() -> None:
    model = ToyModel.from_rng("abc", rng=1)
    listed = model.responses("c", max_tokens=4)
    truth = dict(
        zip(zip(listed.texts, listed.finished, strict=True), listed.log_probs, strict=True)
    )
    for drawn in model.complete(Request("c", 200, 7, 4)):
        assert_allclose(drawn.log_prob, truth[drawn.text, drawn.finished], rtol=1e-12)


def test_its_frontier_is_exact() -> None:
    listed = ToyModel("ab", ROWS).responses("", max_tokens=6)
    rewards = [text.count("a") for text in listed.texts]
    law = FiniteModel(listed.log_probs, rewards)
    assert frontier(law).ceiling_reward == 6
    assert_allclose(frontier(law).ceiling_kl, -np.log(0.6 * 0.5**5), rtol=1e-12)


@pytest.mark.parametrize(
    ("alphabet", "rows", "message"),
    [
        ("", [[1.0]], "one letter or more, all different"),
        ("aa", ROWS, "all different, got 'aa'"),
        ("ab", [[1.0]], r"shape \(3, 3\), got \(1, 1\)"),
        ("a", [[0.5, 0.6], [0.5, 0.5]], "row 0 must be a distribution, .* sum to 1.1"),
        ("a", [[0.5, 0.5], [1.5, -0.5]], "row 1 must be a distribution, got numbers from -0.5"),
        ("a", [[0.5, 0.5], [np.nan, 1.0]], "row 1 must be a distribution"),
    ],
)
def test_what_is_no_chain_is_refused(
    alphabet: str, rows: list[list[float]], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        ToyModel(alphabet, rows)


def test_too_many_responses_to_list_are_refused() -> None:
    with pytest.raises(InputError, match="more than 2,000,000 responses of 30 tokens"):
        ToyModel("ab", ROWS).responses("", max_tokens=30)


def test_a_response_has_a_token() -> None:
    with pytest.raises(InputError, match="max_tokens must be at least 1, got 0"):
        ToyModel("ab", ROWS).complete(Request("", 1, 0, 0))


def test_prompt_and_response_fit_the_context() -> None:
    model = ToyModel("ab", ROWS, context=10)
    assert model.complete(Request("x" * 6, 1, 0, 4))
    with pytest.raises(
        BackendError, match="holds 10 tokens, the prompt has 7 and the response"
    ):
        model.complete(Request("x" * 7, 1, 0, 4))
