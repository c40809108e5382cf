"""Draws: grouped by prompt, checked once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klimit import Draws, InputError


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(-9, 9)), min_size=1))
def test_grouping_keeps_the_order_of_each_prompts_draws(rows: list[tuple[str, int]]) -> None:
    prompts, rewards = zip(*rows, strict=True)
    draws = Draws.from_columns(prompt=prompts, reward=[float(r) for r in rewards])
    assert draws.prompts == tuple(dict.fromkeys(prompts))
    for prompt, start, end in zip(
        draws.prompts, draws.offsets[:-1], draws.offsets[1:], strict=True
    ):
        assert draws.rewards[start:end].tolist() == [r for p, r in rows if p == prompt]


def test_further_columns_and_responses_follow_their_draws() -> None:
    draws = Draws.from_columns(
        prompt=np.array(["a", "b", "a"]),
        reward=[1.0, 2.0, 3.0],
        tokens=np.array([10, 20, 30]),
        response=["x", "y", "z"],
    )
    assert draws.column("tokens").tolist() == [10.0, 30.0, 20.0]
    assert list(draws.texts or ()) == ["x", "z", "y"]
    assert list(draws.head(1).texts or ()) == ["x", "z"]
    assert draws.head(9).prompts == ("a", "b")
    assert str(draws) == "Draws(3 draws of 2 prompts: reward, tokens, texts)"


def test_columns_of_different_lengths_are_refused_by_name() -> None:
    with pytest.raises(InputError, match="prompt has 2 rows, reward has 1"):
        Draws.from_columns(prompt=["a", "b"], reward=[1.0])
    with pytest.raises(InputError, match="prompt has 1 rows, tokens has 2"):
        Draws.from_columns(prompt=["a"], reward=[1.0], tokens=[1.0, 2.0])


def test_a_column_of_texts_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="column kind must hold numbers: could not convert"):
        Draws.from_columns(prompt=["a"], reward=[1.0], kind=["tall"])


def test_a_prompt_without_draws_is_refused() -> None:
    with pytest.raises(InputError, match=r"at least one draw, prompt 1 has shape \(0,\)"):
        Draws.from_matrix([[1.0], []])


def test_no_draws_at_all_are_refused() -> None:
    with pytest.raises(InputError, match="draws need at least one row, got none"):
        Draws.from_matrix([])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_reward_that_is_not_finite_is_refused_with_its_place(bad: float) -> None:
    with pytest.raises(
        InputError, match=rf"got {bad} for prompt 'b', draw 1; drop the draw or"
    ):
        Draws.from_columns(prompt=["a", "b", "b"], reward=[1.0, 2.0, bad])


@pytest.mark.parametrize("rewards", [[1e308, 1e308], [0.0, -1e71], [0.0, 1e-300]])
def test_rewards_whose_powers_are_no_floats_are_refused(rewards: list[float]) -> None:
    with pytest.raises(InputError, match=r"at most 1e\+70 in size .*; multiply them by a"):
        Draws.from_matrix([rewards])


def test_rewards_that_are_all_tiny_and_alike_are_taken() -> None:
    assert len(Draws.from_matrix([[1e-300, 1e-300]])) == 2


def test_a_column_that_is_not_there_is_refused_with_those_that_are() -> None:
    draws = Draws.from_columns(prompt=["a"], reward=[1.0], tokens=[3.0])
    with pytest.raises(InputError, match="draws have no column 'length'; they have tokens"):
        draws.column("length")
