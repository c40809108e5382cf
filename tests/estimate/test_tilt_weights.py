"""The weights that a tilt gives to draws, at any beta."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from klimit import Draws, InputError, effective_draws, tilt_weights
from klimit.estimate.frontier.jackknife import jackknife
from klimit.estimate.frontier.sums import sum_directly
from klimit.estimate.weights import prompt_tilts


def tables(reward: st.SearchStrategy[float]) -> st.SearchStrategy[list[list[float]]]:
    """Rewards of some prompts, none so near to another that draws are refused."""
    rounded = reward.map(lambda x: round(x, 12))
    return st.lists(st.lists(rounded, min_size=1, max_size=6), min_size=1, max_size=4)


ROWS, NEAR = tables(st.floats(-50, 50)), tables(st.floats(-2, 2))
TIED = Draws.from_matrix([[0.0, 2.0, 2.0], [1.0, 1.0, 1.0]])


@given(ROWS, st.floats(-3, 3))
def test_weights_are_in_proportion_to_the_tilt_and_sum_to_one_a_prompt(
    rows: list[list[float]], beta: float
) -> None:
    weights = tilt_weights(Draws.from_matrix(rows), beta=beta)
    for row, own in zip(
        rows, np.split(weights, np.cumsum([len(r) for r in rows])), strict=False
    ):
        mass = np.exp(beta * (np.array(row) - max(row, key=lambda r: beta * r)))
        assert_allclose(own, mass / mass.sum(), atol=1e-14)


@pytest.mark.parametrize(
    ("beta", "expected"),
    [
        (np.inf, [0, 0.5, 0.5, 1 / 3, 1 / 3, 1 / 3]),
        (-np.inf, [1, 0, 0, 1 / 3, 1 / 3, 1 / 3]),
        (1e308, [0, 0.5, 0.5, 1 / 3, 1 / 3, 1 / 3]),
        (0.0, [1 / 3] * 6),
    ],
)
def test_an_extreme_beta_keeps_the_best_or_the_worst_draws(
    beta: float, expected: list[float]
) -> None:
    assert_allclose(tilt_weights(TIED, beta=beta), expected)
    squares = np.square(expected).reshape(2, 3).sum(axis=1)
    assert_allclose(effective_draws(TIED, beta=beta), 1 / squares)


def test_rewards_far_from_zero_lose_no_digit_of_their_weights() -> None:
    moved = Draws(TIED.prompts, TIED.offsets, TIED.rewards + 1e9)
    assert_allclose(tilt_weights(moved, beta=0.7), tilt_weights(TIED, beta=0.7), rtol=1e-9)


def test_a_beta_that_is_no_number_is_refused() -> None:
    for weighed in (tilt_weights, effective_draws):
        with pytest.raises(InputError, match="beta must be a number, got nan"):
            weighed(TIED, beta=np.nan)


@given(NEAR, st.floats(0, 3))
def test_the_tilts_of_an_audit_are_those_of_a_frontier(
    rows: list[list[float]], beta: float
) -> None:
    draws = Draws.from_matrix(rows)
    found, sums = prompt_tilts(draws, beta=beta), sum_directly(draws.rewards, draws.counts)
    same = sums.at(np.full(len(rows), beta))
    bias = jackknife(same, counts=sums.counts).bias
    assert_allclose(found.cgf, same.cgf + bias, rtol=1e-9, atol=1e-9)
    assert_allclose(found.plug_in_reward, same.reward, rtol=1e-9, atol=1e-9)
    assert_allclose(found.squares, same.squares, rtol=1e-9)
