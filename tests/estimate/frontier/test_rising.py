"""The frontier does not fall as the budget grows, however few draws carry it."""

import numpy as np
import pytest
from benchmarks.coverage import drawn, grouped
from benchmarks.laws import LAWS

from klimit import Draws, estimate_frontier

BUDGETS = np.linspace(0.0, 2.6, 40) ** 2


@pytest.mark.parametrize("index", range(len(LAWS)), ids=[law.name for law in LAWS])
@pytest.mark.parametrize(("p", "m"), [(30, 16), (50, 64)])
def test_a_larger_budget_never_buys_less(index: int, p: int, m: int) -> None:
    law, rng = LAWS[index], np.random.default_rng(0)
    draws = grouped(list(drawn(law, rng, law.prompt(rng, p), m)))
    found = estimate_frontier(draws, kl=BUDGETS)
    rewards = np.array([point.reward.value for point in found.points])
    assert np.diff(rewards).min() > -1e-12 * np.abs(rewards).max()


@pytest.mark.parametrize("index", range(len(LAWS)), ids=[law.name for law in LAWS])
def test_a_larger_budget_of_every_prompt_never_buys_less(index: int) -> None:
    law, rng = LAWS[index], np.random.default_rng(0)
    draws = grouped(list(drawn(law, rng, law.prompt(rng, 20), 16)))
    found = estimate_frontier(draws, kl=BUDGETS[::3], pooling="per-prompt")
    rewards = np.array([point.reward.value for point in found.points])
    assert np.diff(rewards).min() > -1e-12 * np.abs(rewards).max()
    assert rewards.max() <= draws.rewards.max() + 1e-12 * np.abs(draws.rewards).max()


def test_nothing_lies_above_a_ceiling_that_the_draws_show() -> None:
    rng = np.random.default_rng(1)
    draws = Draws.from_matrix((rng.random((50, 64)) < 0.5).astype(float))
    points = estimate_frontier(draws, kl=np.linspace(0.5, 1.0, 21)).points
    assert all(point.supported for point in points)
    assert max(point.reward.value for point in points) == 1.0
    assert points[-1].reward.value == 1.0


def test_scales_too_far_apart_for_one_beta_do_not_let_it_fall() -> None:
    rewards = np.random.default_rng(0).standard_cauchy((10, 64))
    rewards[0] *= 1e60
    found = estimate_frontier(Draws.from_matrix(rewards), kl=BUDGETS)
    bought = np.array([point.reward.value for point in found.points])
    assert np.diff(bought).min() > -1e-12 * np.abs(bought).max()
