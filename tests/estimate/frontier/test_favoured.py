"""Which responses the optimum favours."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from klimit import Draws, InputError, estimate_frontier, tilt_weights
from klimit.estimate.frontier.curve import frontier_curve
from klimit.estimate.frontier.favoured import favoured_responses
from klimit.exact.divergences import divergence
from klimit.exact.finite import FiniteModel

DRAWS = Draws.from_matrix(np.random.default_rng(1).normal(size=(12, 48)))


def test_the_weights_are_those_of_the_tilt() -> None:
    frontier = estimate_frontier(DRAWS, kl=[0.25, 1.0])
    favoured = favoured_responses(DRAWS, frontier, top=3)
    for point, entries in zip(frontier.points, favoured, strict=True):
        blocks = tilt_weights(DRAWS, beta=point.beta).reshape(12, 48)
        for weights, entry in zip(blocks, entries, strict=True):
            assert_allclose([r.weight for r in entry.top], np.sort(weights)[::-1][:3])
            assert_allclose(entry.rest + sum(r.weight for r in entry.top), 1.0)
            assert_allclose(entry.ess, 1 / (weights**2).sum())
            assert_allclose(entry.top[0].lift, entry.top[0].weight * 48)


def test_the_named_draw_has_the_named_reward() -> None:
    (entries,) = favoured_responses(DRAWS, estimate_frontier(DRAWS, kl=0.5))
    for entry in entries:
        for response in (entry.typical, *entry.top):
            assert DRAWS.rewards[48 * entry.prompt + response.draw] == response.reward


def test_draws_of_one_text_count_together() -> None:
    draws = Draws.from_columns(
        prompt=["a"] * 4 + ["b"] * 4,
        reward=[1.0, 0.0, 1.0, 2.0] * 2,
        response=["yes", "no", "yes", "surely"] * 2,
    )
    entry = favoured_responses(draws, estimate_frontier(draws, kl=0.0), top=1)[0][0]
    assert entry.top[0].draw == 0
    assert_allclose([entry.top[0].weight, entry.top[0].lift, entry.rest], [0.5, 1.0, 0.5])


def test_the_typical_response_is_the_median_under_the_optimum() -> None:
    draws = Draws.from_matrix([[0.0, 1.0, 2.0, 3.0, 4.0]] * 2)
    favoured = favoured_responses(draws, estimate_frontier(draws, kl=[0.0, 1.2]))
    assert [entries[0].typical.reward for entries in favoured] == [2.0, 4.0]


def test_a_budget_for_every_prompt_is_spent_at_every_prompt() -> None:
    frontier = estimate_frontier(DRAWS, kl=0.5, pooling="per-prompt")
    (entries,) = favoured_responses(DRAWS, frontier, top=48)
    for entry, rewards in zip(entries, DRAWS.rewards.reshape(12, 48), strict=True):
        log_probs = np.full(48, -np.log(48.0))
        weights = np.empty(48)
        weights[[r.draw for r in entry.top]] = [r.weight for r in entry.top]
        spent = divergence(np.log(weights), FiniteModel(log_probs, rewards))
        assert_allclose(spent, 0.5, rtol=1e-9)


def test_a_top_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="top must be at least 1, got 0"):
        favoured_responses(DRAWS, estimate_frontier(DRAWS, kl=0.5), top=0)


def test_a_curve_rises_through_what_was_asked_and_past_where_the_data_end() -> None:
    asked = estimate_frontier(DRAWS, kl=[1.0, 0.3])
    curve = frontier_curve(DRAWS, asked)
    budgets = [point.kl for point in curve.points]
    assert budgets == sorted(set(budgets))
    assert {0.0, 0.3, 1.0, asked.supported_kl} <= set(budgets)
    assert budgets[-1] > asked.supported_kl
    by_budget = {point.kl: point.reward.value for point in curve.points}
    assert by_budget[0.3] == asked.points[1].reward.value
