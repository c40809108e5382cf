"""The parts of a plan against the laws of `exact`."""

from itertools import combinations
from math import log

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad

from klimit import (
    Draws,
    FiniteModel,
    best_of_n,
    geometric,
    one_plus_poisson,
    soft_best_of_n,
    unbiased_best_of_n,
    zero_truncated_poisson,
)
from klimit.estimate.best_of.atoms import atoms_of
from klimit.estimate.best_of.pools import sorted_pools
from klimit.estimate.best_of.tie_costs import atom_costs, tie_costs
from klimit.estimate.plan.chances import RandomCount, chances
from klimit.estimate.plan.continuum import on_a_continuum
from klimit.estimate.plan.outcome import Means
from klimit.estimate.plan.ranks import mixed_shares, reward_curves
from klimit.estimate.plan.rejection import rejection
from klimit.estimate.plan.search import Goal, search
from klimit.estimate.plan.soft_law import soft_law
from klimit.estimate.plan.supply import supply
from klimit.exact.counts import Fixed

COUNTS = [zero_truncated_poisson(3.0), one_plus_poisson(2.0), geometric(0.3)]


def empirical(rewards: np.ndarray) -> FiniteModel:
    return FiniteModel(np.full(rewards.size, -log(rewards.size)), rewards)


@pytest.mark.parametrize("count", COUNTS, ids=str)
def test_chances_are_those_of_the_generating_function(count: RandomCount) -> None:
    chance = chances(count, most=400)
    assert chance.sum() == pytest.approx(1.0)
    assert chance @ np.arange(1, 401) == pytest.approx(count.mean)
    for s in (0.2, 0.9):
        assert chance @ s ** np.arange(1, 401) == pytest.approx(count(s))


def test_shares_of_a_random_number_are_those_of_all_subsets() -> None:
    rewards, chance = np.array([0.0, 1.0, 1.5, 4.0]), np.array([0.1, 0.2, 0.3])
    best = [np.mean([max(chosen) for chosen in combinations(rewards, n)]) for n in range(1, 5)]
    assert mixed_shares(4, chance) @ rewards == pytest.approx(
        0.1 * best[0] + 0.2 * best[1] + 0.3 * best[2] + 0.4 * best[3]
    )


def test_reward_curves_are_the_means_over_all_subsets() -> None:
    rewards = np.array([0.0, 1.0, 1.5, 4.0])
    curve = reward_curves(sorted_pools(Draws.from_matrix(rewards[None])), most=4)[0]
    best = [np.mean([max(chosen) for chosen in combinations(rewards, n)]) for n in range(1, 5)]
    assert_allclose(curve, best, atol=1e-12)


def lost_to_the_best(rewards: np.ndarray, n: int, beta: float) -> float:
    """What soft best-of-n falls short of best-of-n on the law of the draws."""
    model = empirical(rewards)
    soft = soft_best_of_n(model, n=n, beta=beta)
    return soft.mean_reward - best_of_n(model, n=n).mean_reward


@pytest.mark.parametrize("n", [1, 3, 8, 19])
@pytest.mark.parametrize("beta", [0.0, 0.7, 5.0])
def test_soft_law_is_that_of_exact_on_the_draws(n: int, beta: float) -> None:
    rewards = np.sort(np.random.default_rng(2).normal(size=20).round(1))
    law = soft_law(rewards[::-1], n=n, beta=beta)
    others = [np.delete(rewards, rank) for rank in range(20)]
    lost = [lost_to_the_best(left, n, beta) for left in others]
    assert_allclose(
        law.reward.left,
        [unbiased_best_of_n(x, n=n)[0] for x in others] + np.array(lost),
        atol=1e-5,
    )
    jackknifed = 20 * lost_to_the_best(rewards, n, beta) - 19 * np.mean(lost)
    best = unbiased_best_of_n(rewards, n=n)[0]
    assert law.reward.value == pytest.approx(best + jackknifed, abs=1e-4)
    kls = [soft_best_of_n(empirical(left), n=n, beta=beta).kl for left in others]
    assert_allclose(law.kl.left, kls, atol=1e-5)
    whole = soft_best_of_n(empirical(rewards), n=n, beta=beta).kl
    assert law.kl.value == pytest.approx(20 * whole - 19 * np.mean(kls), abs=1e-4)


@pytest.mark.parametrize("penalised", [1, 2, 6])
@pytest.mark.parametrize("penalty", [-1e3, -1e6, -1e12, -1e20, -3.4e38])
def test_soft_law_loses_nothing_to_the_best_where_penalties_lie_far_below(
    penalty: float, penalised: int
) -> None:
    plain = np.random.default_rng(2).normal(size=20 - penalised).round(1)
    near, far = (
        np.append(plain, np.linspace(lowest, 2 * lowest, penalised))
        for lowest in (-200.0, penalty)
    )
    usual, law = (soft_law(rewards, n=3, beta=4.0) for rewards in (near, far))
    lost, usually_lost = (
        found.reward.value - unbiased_best_of_n(rewards, n=3)[0]
        for found, rewards in ((law, far), (usual, near))
    )
    scale = abs(unbiased_best_of_n(far, n=3)[0])
    assert lost == pytest.approx(usually_lost, abs=1e-9 + 1e-12 * scale)
    assert law.kl.value == pytest.approx(usual.kl.value, abs=1e-9)


@pytest.mark.parametrize("penalty", [-50.0, -1e3, -1e6, -1e12, -1e20, -3.4e38])
def test_soft_law_is_that_of_exact_where_penalties_lie_far_below(penalty: float) -> None:
    plain = np.random.default_rng(2).normal(size=18).round(1)
    rewards = np.sort(np.append(plain, [penalty, 2 * penalty]))
    law, left = soft_law(rewards, n=3, beta=4.0), np.delete(rewards, 7)
    rest, best = soft_best_of_n(empirical(left), n=3, beta=4.0), best_of_n(empirical(left), n=3)
    bias = best.mean_reward - unbiased_best_of_n(left, n=3)[0]
    assert law.reward.left[7] + bias == pytest.approx(rest.mean_reward, rel=1e-4)
    assert law.kl.left[7] == pytest.approx(rest.kl, abs=1e-5)


def test_soft_law_of_fewer_draws_than_n_is_jackknifed_whole() -> None:
    rewards = np.array([-2.0, 0.0, 0.5, 3.0])
    law = soft_law(rewards, n=4, beta=0.8)
    plain = [
        soft_best_of_n(empirical(x), n=4, beta=0.8).mean_reward
        for x in (rewards, *(np.delete(rewards, rank) for rank in range(4)))
    ]
    assert_allclose(law.reward.left, plain[1:], atol=1e-5)
    assert law.reward.value == pytest.approx(4 * plain[0] - 3 * np.mean(plain[1:]), abs=1e-4)


def test_the_bias_of_soft_best_of_n_is_removed_to_first_order() -> None:
    rng = np.random.default_rng(4)
    laws = [soft_law(rng.normal(size=24), n=4, beta=1.5) for _ in range(1500)]
    grid = np.sort(np.random.default_rng(5).normal(size=4000))
    truth = soft_best_of_n(empirical(grid - grid.mean()), n=4, beta=1.5)
    error = np.std([law.kl.value for law in laws]) / 1500**0.5
    assert abs(np.mean([law.kl.value for law in laws]) - truth.kl) < 4 * error + 0.004
    uncorrected = np.mean([law.kl.left.mean() for law in laws]) - truth.kl
    assert uncorrected < -0.01


def test_atoms_of_a_fixed_number_cost_what_best_of_n_says() -> None:
    rewards = np.random.default_rng(3).integers(0, 4, size=(5, 40)).astype(float)
    atoms = atoms_of(sorted_pools(Draws.from_matrix(rewards)))
    law = on_a_continuum(Fixed(log(6)))
    assert law.kl == pytest.approx(log(6) - 5 / 6, abs=2e-5)
    ours, theirs = atom_costs(atoms, cost=law.cost), tie_costs(atoms, n=6)
    assert_allclose(ours.values, theirs.values, atol=1e-4)
    assert_allclose(ours.variances, theirs.variances, rtol=1e-3)


@pytest.mark.parametrize("count", COUNTS, ids=str)
def test_divergence_on_a_continuum_is_an_integral(count: RandomCount) -> None:
    def density(u: float) -> float:
        return (count(u + 1e-6) - count(u - 1e-6)) / 2e-6

    def integrand(u: float) -> float:
        return density(u) * log(density(u))

    expected = quad(integrand, 1e-6, 1 - 1e-6)[0]
    assert on_a_continuum(count).kl == pytest.approx(expected, abs=2e-5)


def test_rejection_counts_what_passes() -> None:
    draws = Draws.from_matrix([[0.0, 1.0, 2.0, 2.0] * 100, [0.0, 0.0, 0.0, 2.0] * 100])
    method = rejection(supply(draws, tokens=None, prompts="fixed", level=0.95))
    found = method.outcome(2)
    assert found.setting[0].value == 2.0
    assert found.reward.value == 2.0
    assert found.reward.standard_error == 0.0
    assert found.kl.value == pytest.approx((log(2) + log(4)) / 2, abs=0.02)
    assert found.draws.value == pytest.approx(3.0, abs=0.2)


def test_the_divergence_of_rejection_has_no_bias_of_first_order() -> None:
    """Within 5 standard errors of 0.004; without the halves it would be 0.03 off."""
    passes = np.random.default_rng(7).random((2000, 64)) < 0.2
    ready = supply(
        Draws.from_matrix(passes.astype(float)), tokens=None, prompts="fixed", level=0.95
    )
    found = rejection(ready).outcome(1)
    assert found.kl.value == pytest.approx(-log(0.2), abs=0.02)


def test_a_threshold_that_few_draws_reach_is_not_borne() -> None:
    draws = Draws.from_matrix([[0.0, 1.0] * 20, [0.0] * 38 + [1.0] * 2])
    method = rejection(supply(draws, tokens=None, prompts="fixed", level=0.95))
    assert method.most() == 0
    assert "1 of 2 prompts have fewer than 10 draws" in method.outcome(1).objection


class Line:
    """Reward and KL that rise with the strength itself."""

    name, whole, least = "line", False, 0.0

    def most(self) -> float:
        return 4.0

    def means(self, strength: float) -> Means:
        return Means(strength**3, strength, strength)

    def outcome(self, strength: float) -> None:
        raise NotImplementedError


class Steps(Line):
    whole = True


@pytest.mark.parametrize(
    ("method", "goal", "strength", "reached"),
    [
        (Line(), Goal("reward", 8.0, 1.0), 2.0, True),
        (Line(), Goal("kl", 3.3, 1.0), 3.3, True),
        (Steps(), Goal("kl", 3.3, 1.0), 3, True),
        (Steps(), Goal("reward", 9.0, 1.0), 3, True),
        (Steps(), Goal("kl", 2.0, 1.0), 2, True),
        (Steps(), Goal("kl", 4.0, 1.0), 4, True),
        (Steps(), Goal("reward", 8.0, 1.0), 2, True),
        (Steps(), Goal("kl", 5.0, 1.0), 4, False),
        (Steps(), Goal("reward", -1.0, 1.0), 0, True),
    ],
)
def test_a_search_ends_at_the_goal(
    method: Line, goal: Goal, strength: float, *, reached: bool
) -> None:
    found = search(method, goal)  # type: ignore[arg-type]
    assert found.strength == pytest.approx(strength, abs=1e-4)
    assert found.reached == reached


class Leap(Line):
    """Reward and KL leap at a strength of 2."""

    def means(self, strength: float) -> Means:
        leap = 2.0 if strength >= 2 else 0.0
        return Means(strength + leap, strength + leap, strength)


@pytest.mark.parametrize("goal", [Goal("kl", 3.0, 1.0), Goal("reward", 3.0, 1.0)])
def test_a_search_neither_overspends_nor_falls_short_where_there_is_a_leap(goal: Goal) -> None:
    found = search(Leap(), goal)  # type: ignore[arg-type]
    assert found.strength == pytest.approx(2.0, abs=1e-8)
    assert (found.strength < 2.0) == (goal.quantity == "kl")


def test_of_a_single_draw_soft_best_of_n_keeps_that_draw() -> None:
    law = soft_law(np.array([3.0]), n=4, beta=2.0)
    assert (law.reward.value, law.kl.value) == pytest.approx((3.0, 0.0))
