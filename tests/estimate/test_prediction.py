"""Predictions are compared with what came of them, prompt by prompt."""

import numpy as np
import pytest
from benchmarks.prediction_coverage import share_held

from klimit import Draws, Prediction, check_best_of_n, check_tilt
from klimit.core.errors import InputError, InsufficientDataError


def population(
    rng: np.random.Generator, p: int, m: int, *, shift: float = 0.0
) -> tuple[Draws, Draws]:
    """Draws and fresh draws of prompts whose means differ by much more than the draws do."""
    centre = rng.normal(scale=5.0, size=(p, 1))
    return (
        Draws.from_matrix(centre + rng.normal(size=(p, m))),
        Draws.from_matrix(centre + shift + rng.normal(size=(p, m))),
    )


def test_pairing_by_prompt_removes_what_the_prompts_have_in_common() -> None:
    draws, fresh = population(np.random.default_rng(1), 40, 32)
    found = check_tilt(draws, fresh, beta=0.5)
    assert found.difference.standard_error < found.predicted.standard_error / 5
    assert found.difference.value == pytest.approx(
        found.realised.value - found.predicted.value, abs=1e-12
    )


@pytest.mark.parametrize("prompts", ["sampled", "fixed"])
def test_a_right_prediction_is_contradicted_as_often_as_the_level_says(prompts: str) -> None:
    rng = np.random.default_rng(2)
    covered = 0
    for _ in range(200):
        centre = rng.normal(scale=3.0, size=(20, 1))
        draws = Draws.from_matrix(centre + rng.normal(size=(20, 32)))
        kept = Draws.from_matrix(centre + rng.normal(size=(20, 6, 4)).max(axis=2))
        found = check_best_of_n(draws, kept, n=4, prompts=prompts).difference
        covered += found.low <= 0 <= found.high
    # 190 expected; fewer than 178 happens once in ten thousand such tests.
    assert covered >= 178


def test_a_wrong_prediction_is_contradicted() -> None:
    draws, fresh = population(np.random.default_rng(3), 40, 32, shift=0.5)
    assert check_tilt(draws, fresh, beta=0.5).difference.low > 0.3


def test_prompts_are_paired_by_name_and_not_by_place() -> None:
    draws = Draws.from_columns(prompt=["a", "a", "b", "b"], reward=[0.0, 0.0, 9.0, 9.0])
    kept = Draws.from_columns(prompt=["b", "a", "c"], reward=[9.0, 0.0, 5.0])
    found = check_best_of_n(draws, kept, n=2)
    assert found.difference.value == 0
    assert found.difference.n == 2


def test_prompts_with_too_few_draws_are_left_out() -> None:
    draws = Draws.from_columns(prompt=["a"] * 4 + ["b"] * 4 + ["c"], reward=np.arange(9.0))
    kept = Draws.from_columns(prompt=["a", "b", "c"], reward=[3.0, 7.0, 99.0])
    assert check_best_of_n(draws, kept, n=4).realised.value == 5.0


def test_draws_that_share_no_prompt_are_refused() -> None:
    first = Draws.from_columns(prompt=["a"], reward=[0.0])
    second = Draws.from_columns(prompt=["b"], reward=[0.0])
    with pytest.raises(InsufficientDataError, match="none shared"):
        check_tilt(first, second, beta=1.0)


@pytest.mark.parametrize("beta", [float("inf"), float("nan")])
def test_a_beta_that_is_not_finite_is_refused(beta: float) -> None:
    draws = Draws.from_matrix([[0.0, 1.0], [0.0, 1.0]])
    with pytest.raises(InputError, match="beta must be finite"):
        check_tilt(draws, draws, beta=beta)


def test_best_of_none_is_refused() -> None:
    draws = Draws.from_matrix([[0.0, 1.0], [0.0, 1.0]])
    with pytest.raises(InputError, match="n must be at least 1, got 0"):
        check_best_of_n(draws, draws, n=0)


def test_one_winner_of_fixed_prompts_leaves_the_error_infinite() -> None:
    draws = Draws.from_matrix([[0.0, 1.0, 2.0], [0.0, 1.0, 5.0]])
    kept = Draws.from_matrix([[1.0], [5.0]])
    found: Prediction = check_best_of_n(draws, kept, n=2, prompts="fixed")
    assert np.isinf(found.difference.standard_error)


@pytest.mark.parametrize("prompts", ["sampled", "fixed"])
@pytest.mark.parametrize("law", ["normal", "pass/fail, 0.5", "like a sentiment"])
def test_two_winners_a_prompt_are_not_too_few_to_judge_by(law: str, prompts: str) -> None:
    """Fewer than 180 of 200: once in 860 such tests if 95 % of the intervals hold."""
    assert share_held(law, (16, 64, 2, 6), kind=prompts, runs=200, seed=3) >= 0.9


def test_winners_all_at_the_ceiling_do_not_contradict_a_prediction_below_it() -> None:
    draws = Draws.from_matrix(np.tile(np.arange(64) % 2.0, (16, 1)))
    found = check_best_of_n(draws, Draws.from_matrix(np.ones((16, 2))), n=6).difference
    assert found.low < 0 < found.value < found.high
