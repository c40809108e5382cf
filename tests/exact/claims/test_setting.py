"""Where claims are put to the test, and what is refused."""

import numpy as np
import pytest

from klimit import FiniteModel, InputError
from klimit.exact.claims import example_settings, setting_of

COIN = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])


def test_the_example_has_a_lattice_and_none() -> None:
    lattice, other = example_settings()
    assert (lattice.span, other.span) == (1.0, None)
    assert (lattice.rounding, other.rounding) == (0.0, 0.0)
    assert [law.length for law in lattice.totals] == lattice.lengths.tolist()


def test_the_budget_is_half_the_ceiling_of_a_model_with_little_to_gain() -> None:
    sure = FiniteModel.from_probs([0.1, 0.9], [0.0, 1.0])
    assert setting_of(sure, name="sure").kl == pytest.approx(-np.log(0.9) / 2)
    assert setting_of(COIN, name="coin").kl == 0.2


def test_many_rewards_without_a_lattice_are_rounded_to_one_and_that_is_said() -> None:
    rewards = np.random.default_rng(0).normal(size=500)
    model = FiniteModel.from_probs(np.full(500, 1 / 500), rewards)
    setting = setting_of(model, name="draws")
    step = np.ptp(rewards) / 64
    assert setting.span == pytest.approx(step)
    assert 0 < setting.rounding <= step / 2 * (1 + 1e-9)
    moved = setting.symbols.levels
    assert abs(np.exp(moved.log_masses) @ moved.rewards - rewards.mean()) <= setting.rounding


@pytest.mark.parametrize(
    ("model", "options", "told"),
    [
        (FiniteModel.from_probs([0.5, 0.5], [0.0, -np.inf]), {}, "leave that symbol out"),
        (FiniteModel.from_probs([0.5, 0.5], [2.0, 2.0]), {}, "two different rewards"),
        (COIN, {"kl": 0.7}, "between 0 and the ceiling, 0.693147"),
        (COIN, {"kl": 0.0}, "between 0 and the ceiling"),
        (COIN, {"kl": float("nan")}, "kl"),
        (COIN, {"lengths": [10]}, "at least two lengths"),
        (COIN, {"lengths": [0, 10]}, "at least 1"),
    ],
)
def test_what_shows_no_limit_is_refused(model: FiniteModel, options: dict, told: str) -> None:
    with pytest.raises(InputError, match=told):
        setting_of(model, name="refused", **options)
