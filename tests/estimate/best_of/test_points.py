"""Best-of-N from draws: unbiased, right under ties, and how sure of it."""

from collections.abc import Callable
from itertools import combinations, product
from math import comb

import numpy as np
import pytest
from benchmarks.best_of_coverage import LAWS, Design, coverage
from numpy.testing import assert_allclose
from scipy.stats import binom

from klimit import (
    Draws,
    FiniteModel,
    best_of_n,
    best_of_n_within,
    estimate_best_of_n,
    unbiased_best_of_n,
)
from klimit.core.errors import InputError, InsufficientDataError
from klimit.estimate.best_of.atoms import atoms_of
from klimit.estimate.best_of.pools import sorted_pools
from klimit.estimate.best_of.rare import shortfall_moments
from klimit.estimate.best_of.tie_costs import tie_costs

TIED = np.array([0.0, 2.0, 1.0, 1.0, 0.0, 2.0, 2.0])


def kl_of_draws(rewards: np.ndarray, n: int) -> float:
    """The exact law of best-of-N on the empirical distribution."""
    levels, counts = np.unique(rewards, return_counts=True)
    return best_of_n(FiniteModel.from_probs(counts / rewards.size, levels), n=n).kl


def jackknifed(statistic: Callable[[np.ndarray], float], draws: np.ndarray) -> float:
    """Second order, draw by draw."""
    m = draws.size
    one = np.mean([statistic(np.delete(draws, i)) for i in range(m)])
    two = np.mean([statistic(np.delete(draws, pair)) for pair in combinations(range(m), 2)])
    return float((m**2 * statistic(draws) - 2 * (m - 1) ** 2 * one + (m - 2) ** 2 * two) / 2)


def jackknife_variance(statistic: Callable[[np.ndarray], float], draws: np.ndarray) -> float:
    left = np.array([statistic(np.delete(draws, i)) for i in range(draws.size)])
    return float((draws.size - 1) * left.var())


@pytest.mark.parametrize("n", [1, 2, 3, 5, 7])
def test_the_reward_is_the_average_over_all_subsets(n: int) -> None:
    gold = np.array([5.0, 1.0, 0.0, 3.0, 2.0, 4.0, 9.0])
    best = [TIED[list(kept)].max() for kept in combinations(range(7), n)]
    assert_allclose(unbiased_best_of_n(TIED, n=n), np.mean(best), rtol=1e-13)
    worth = [
        np.mean([gold[i] for i in kept if TIED[i] == TIED[list(kept)].max()])
        for kept in combinations(range(7), n)
    ]
    tops = [TIED[list(kept)].max() for kept in combinations(range(7), n)]
    levels = [gold[np.equal(TIED, top)].mean() for top in tops]
    assert_allclose(unbiased_best_of_n(TIED, n=n, values=gold), np.mean(levels), rtol=1e-13)
    assert_allclose(np.mean(worth), np.mean(levels), rtol=1e-13)


@pytest.mark.parametrize("n", [1, 2, 4, 6])
def test_the_variance_of_the_reward_is_the_jackknife(n: int) -> None:
    for draws in (TIED, np.random.default_rng(1).normal(size=9)):
        found = (
            sorted_pools(Draws.from_matrix(draws[None])).best_of(n, errors=True).variances[0]
        )
        oracle = jackknife_variance(lambda x: float(unbiased_best_of_n(x, n=n)[0]), draws)
        assert_allclose(found, oracle, rtol=1e-12)


@pytest.mark.parametrize("n", [2, 4, 7])
def test_the_kl_is_the_second_order_jackknife_of_the_exact_law(n: int) -> None:
    found = estimate_best_of_n(Draws.from_matrix(TIED[None]), n=n, prompts="fixed").points[0].kl
    inside = min(max(jackknifed(lambda x: kl_of_draws(x, n), TIED), 0.0), np.log(n) + 1 / n - 1)
    assert_allclose(found.value, inside, rtol=1e-11)
    oracle = jackknife_variance(lambda x: jackknifed(lambda y: kl_of_draws(y, n), x), TIED)
    assert_allclose(found.standard_error**2, oracle, rtol=1e-9)


def test_a_continuum_between_atoms_is_counted_where_it_lies() -> None:
    draws = np.array([-1.0, 0.0, 0.0, 0.3, 0.4, 1.0, 1.0, 1.0, 1.7])

    def cost(x: np.ndarray) -> float:
        atoms = [x.searchsorted([v, v + 1e-9]) / x.size for v in (0.0, 1.0)]
        grid = (np.arange(200_000) + 0.5) / 200_000
        total = 0.0
        for low, high in atoms:
            u = low + (high - low) * grid
            f = 4 * u**3
            won = high**4 - low**4
            if high == low:
                continue
            total += (high - low) * np.mean(f * np.log(f)) - won * np.log(won / (high - low))
        return total

    found = tie_costs(atoms_of(sorted_pools(Draws.from_matrix(draws[None]))), n=4)
    oracle = jackknife_variance(lambda x: jackknifed(cost, x), draws)
    assert_allclose(found.variances[0], oracle, rtol=1e-5)
    assert_allclose(found.values[0], jackknifed(cost, draws), rtol=1e-6)


def test_draws_that_are_all_alike_have_a_kl_of_zero_and_not_of_rounding() -> None:
    found = estimate_best_of_n(Draws.from_matrix([[0.2] * 8, [0.1] * 8]), n=[2, 3, 4, 8])
    assert [(point.kl.value, point.kl.low, point.kl.high) for point in found.points] == [
        (0.0, 0.0, 0.0)
    ] * 4


def test_without_ties_the_kl_is_its_bound() -> None:
    draws = Draws.from_matrix(np.random.default_rng(2).normal(size=(5, 40)))
    for point in estimate_best_of_n(draws, n=[1, 8, 40]).points:
        assert point.kl.value == point.kl.low == point.kl.high == point.kl_bound


def test_a_level_met_once_at_a_prompt_and_again_elsewhere_is_an_atom_of_no_sure_cost() -> None:
    rows = np.arange(32.0).reshape(2, 16)
    assert atoms_of(sorted_pools(Draws.from_matrix(rows))).prompt.size == 0
    atoms = atoms_of(sorted_pools(Draws.from_matrix(rows % 16)))
    assert atoms.prompt.size == 32
    assert_allclose(tie_costs(atoms, n=16).values, 0.0, atol=0.01)


@pytest.mark.parametrize(("p", "n"), [*product([0.5, 0.1, 0.01], [2, 16, 64, 256])])
def test_a_verifier_s_kl_has_hardly_any_bias(p: float, n: int) -> None:
    """The mean over all counts of passes, weighted by their probabilities; exact."""
    m = 1024
    passes = np.arange(1, m)
    weights = binom.pmf(passes, m, p)
    pool = Draws.from_matrix((np.arange(m) < passes[:, None]).astype(np.float64))
    estimates = np.log(n) - (n - 1) / n - tie_costs(atoms_of(sorted_pools(pool)), n=n).values
    truth = best_of_n(FiniteModel.from_probs([1 - p, p], [0.0, 1.0]), n=n).kl
    assert abs(weights @ estimates / weights.sum() - truth) < 1e-3


def test_the_kl_of_best_of_256_from_a_pool_of_4096_is_right_on_average() -> None:
    rng = np.random.default_rng(3)
    for p in (0.5, 0.1):
        draws = Draws.from_matrix((rng.random((100, 4096)) < p).astype(np.float64))
        found = estimate_best_of_n(draws, n=256).points[0]
        truth = best_of_n(FiniteModel.from_probs([1 - p, p], [0.0, 1.0]), n=256).kl
        assert abs(found.kl.value - truth) < 0.02
        assert found.kl.low < truth < found.kl.high


def test_many_equal_splits_are_worked_out_once() -> None:
    rng = np.random.default_rng(4)
    draws = Draws.from_matrix(rng.integers(0, 3, size=(300, 16)).astype(np.float64))
    atoms = atoms_of(sorted_pools(draws))
    assert atoms.size.size < 300 < atoms.prompt.size
    alone = [
        tie_costs(atoms_of(sorted_pools(Draws.from_matrix(row[None]))), n=4).values[0]
        for row in draws.rewards.reshape(300, 16)
        if np.unique(row, return_counts=True)[1].min() > 1
    ]
    together = tie_costs(atoms, n=4).values
    several = [
        np.unique(row, return_counts=True)[1].min() > 1
        for row in draws.rewards.reshape(300, 16)
    ]
    assert_allclose(together[several], alone, rtol=1e-10)


def test_levels_met_once_at_each_prompt_cost_what_their_bound_says_at_the_largest_n() -> None:
    draws = Draws.from_matrix(np.tile(np.arange(1500.0), (3, 1)))
    point = estimate_best_of_n(draws, n=1500).points[0]
    assert_allclose(point.kl.value, np.log(1500) - 1 + 1 / 1500, atol=0.05)


def test_one_n_of_a_curve_is_that_n_alone() -> None:
    rng = np.random.default_rng(5)
    rows = [np.round(rng.normal(size=m), 1).tolist() for m in (5, 9, 9, 17)]
    draws = Draws.from_matrix(rows)
    for point in estimate_best_of_n(draws, n=[2, 5], prompts="fixed").points:
        alone = estimate_best_of_n(draws, n=point.n, prompts="fixed").points[0]
        assert alone.to_dict() == point.to_dict()
        each = [unbiased_best_of_n(row, n=point.n)[0] for row in rows]
        assert_allclose(point.reward.value, np.mean(each), rtol=1e-13)


def test_prompts_with_too_few_draws_are_left_out_and_said() -> None:
    draws = Draws.from_matrix([[0.0, 1.0, 2.0, 5.0], [1.0, 2.0, 3.0, 4.0], [9.0, 9.0]])
    point = estimate_best_of_n(draws, n=3).points[0]
    assert point.prompt_count == 2
    assert point.reason == "1 prompts have fewer than 3 draws"
    assert point.reward.value < 5


def test_no_draw_to_spare_leaves_the_error_of_fixed_prompts_unknown() -> None:
    draws = Draws.from_matrix([[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]])
    point = estimate_best_of_n(draws, n=3, prompts="fixed").points[0]
    assert np.isinf(point.reward.standard_error)
    assert "2 prompts have no draw beyond 3" in point.reason


def test_an_n_above_every_pool_is_refused() -> None:
    with pytest.raises(InsufficientDataError, match="best-of-4 needs a prompt with 4 draws"):
        estimate_best_of_n(Draws.from_matrix([[0.0, 1.0, 2.0]]), n=4)


@pytest.mark.parametrize("n", [0, -1])
def test_an_n_below_one_is_refused(n: int) -> None:
    with pytest.raises(InputError, match="whole number, at least 1"):
        estimate_best_of_n(Draws.from_matrix([[0.0, 1.0]]), n=n)


def test_a_far_offset_changes_no_digit_that_matters() -> None:
    rewards = np.random.default_rng(6).normal(size=(6, 64)).round(3)
    near, far = (
        estimate_best_of_n(Draws.from_matrix(rewards + shift), n=8, prompts="fixed").points[0]
        for shift in (0.0, 2.0**30)
    )
    assert_allclose(far.reward.value - 2.0**30, near.reward.value, atol=1e-6)
    assert_allclose(far.reward.standard_error, near.reward.standard_error, rtol=1e-6)


def test_the_largest_n_within_a_budget_spends_no_more() -> None:
    draws = Draws.from_matrix(np.random.default_rng(7).integers(0, 5, (40, 64)).astype(float))
    point = best_of_n_within(draws, kl=1.0)
    following = estimate_best_of_n(draws, n=point.n + 1).points[0]
    assert point.kl.value <= 1.0 < following.kl.value


@pytest.mark.parametrize("prompts", ["sampled", "fixed"])
@pytest.mark.parametrize(
    "law",
    ["normal", "a fifth tied, else normal", "pass/fail, 0.1", "log-normal"],
)
def test_intervals_cover(law: str, prompts: str) -> None:
    """Fewer than 180 of 200: once in 860 such tests if the coverage is 95 %."""
    found = coverage(LAWS[law], Design(20, 32, 8, prompts), runs=200, seed=8)
    assert found.supported > 0.8
    assert found.reward >= 0.9
    assert found.kl >= 0.9


@pytest.mark.parametrize("prompts", ["sampled", "fixed"])
def test_a_verifier_is_supported_while_its_misses_are_seen_and_not_at_its_ceiling(
    prompts: str,
) -> None:
    law = LAWS["pass/fail, 0.5"]
    moderate = coverage(law, Design(100, 64, 4, prompts), runs=100, seed=9)
    assert moderate.supported == 1
    assert moderate.reward >= 0.85  # fewer than 85 of 100 once in 7,000 such tests
    assert coverage(law, Design(20, 64, 32, prompts), runs=50, seed=9).supported == 0


def test_the_kl_of_fixed_prompts_covers_where_n_is_half_of_the_draws() -> None:
    """Fewer than 180 of 200: once in 860 such tests if the coverage is 95 %."""
    found = coverage(LAWS["pass/fail, 0.5"], Design(20, 16, 8, "fixed"), runs=200, seed=7)
    assert found.kl >= 0.9


def test_the_spread_of_what_misses_the_ceiling_is_that_of_pools_drawn_again() -> None:
    m, f, n = 12, 7, 3
    pools = sorted_pools(Draws.from_matrix((np.arange(m) >= f).astype(float)[None]))
    again = np.arange(m + 1)
    chance = np.array([comb(k, n) / comb(m, n) for k in again])
    weights = binom.pmf(again, m, f / m)
    gap = chance - weights @ chance
    found = shortfall_moments(pools, n, prompts=np.ones(1, dtype=bool))[:, 0]
    assert_allclose(found, [weights @ gap**2, weights @ gap**3], rtol=1e-10)


def test_where_every_prompt_is_at_the_ceiling_the_interval_is_not_empty() -> None:
    rows = np.ones((20, 16))
    rows[:, :4] = 0.0
    point = estimate_best_of_n(Draws.from_matrix(rows), n=8).points[0]
    assert point.reward.value == point.reward.high == 1
    assert_allclose(point.reward.low, 0.025 ** (1 / 20), rtol=1e-12)
    assert not point.supported


def test_a_reward_too_rare_for_an_error_is_marked() -> None:
    rows = np.zeros((20, 16))
    rows[3, 5] = rows[7, 7] = 1.0
    point = estimate_best_of_n(Draws.from_matrix(rows), n=4).points[0]
    assert not point.supported
    assert "too rare" in point.reason
    constant = estimate_best_of_n(Draws.from_matrix(np.zeros((20, 16))), n=4).points[0]
    assert not constant.supported
    assert constant.reason == "every prompt gives the same reward, so the draws tell no error"


def test_what_saturates_may_still_fall_short_of_it() -> None:
    rows = (np.arange(64) < np.array([[30], [32], [34]])).astype(float)
    reward = estimate_best_of_n(Draws.from_matrix(rows), n=48).points[0].reward
    assert reward.low < 1 - 0.5**48 < reward.value == reward.high == 1


def test_one_draw_of_each_prompt_tells_an_error_where_prompts_are_sampled() -> None:
    rewards = np.random.default_rng(0).normal(size=(40, 1))
    assert estimate_best_of_n(Draws.from_matrix(rewards), n=1).points[0].supported
    rare = Draws.from_matrix(np.where(np.arange(40) < 3, 1.0, 0.0)[:, None])
    told = estimate_best_of_n(rare, n=1).points[0].reason
    assert "3 of 40 draws differ from the common reward" in told


def test_a_pool_of_two_million_draws_has_the_kl_of_the_law_that_it_follows() -> None:
    size = 2**21
    passes = (np.arange(size) % 4 == 0).astype(float)
    draws = Draws.from_blocks(("a",), np.array([0, size]), passes)
    law = FiniteModel.from_probs([0.75, 0.25], [0.0, 1.0])
    for point in estimate_best_of_n(draws, n=[2, 256], prompts="fixed").points:
        exact = best_of_n(law, n=point.n).kl
        assert point.kl.value == pytest.approx(exact, abs=0.01 * point.kl.standard_error)
