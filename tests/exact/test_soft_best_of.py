"""Soft best-of-n against enumeration, its limits and fifty digits."""

import itertools
from math import exp, inf, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

from klimit import (
    FiniteModel,
    GaussianReward,
    InputError,
    best_of_n,
    divergence,
    soft_best_of_n,
    tilt,
)
from tests.strategies import models

THREE = FiniteModel.from_probs([0.5, 0.25, 0.25], [0.0, 1.0, 2.0])


def by_enumeration(model: FiniteModel, n: int, beta: float) -> np.ndarray:
    """Sum over all multisets of n draws, with their multinomial coefficients."""
    with mp.workdps(40):
        probs = [mp.exp(mpf(x)) for x in model.log_probs.tolist()]
        weights = [mp.exp(mpf(beta) * mpf(r)) for r in model.rewards.tolist()]
        law = [mpf(0)] * len(model)
        for counts in itertools.product(range(n + 1), repeat=len(model)):
            if sum(counts) != n:
                continue
            chance = mp.factorial(n)
            for p, c in zip(probs, counts, strict=True):
                chance *= p**c / mp.factorial(c)
            total = mp.fsum(c * w for c, w in zip(counts, weights, strict=True))
            for i, c in enumerate(counts):
                law[i] += chance * c * weights[i] / total
        return np.array([float(mp.log(x)) for x in law])


@pytest.mark.parametrize("n", [1, 2, 5, 12])
@pytest.mark.parametrize("beta", [-3.0, 1e-6, 0.5, 4.0, 60.0])
def test_it_is_the_law_of_all_multisets_of_draws(n: int, beta: float) -> None:
    found = soft_best_of_n(THREE, n=n, beta=beta)
    expected = by_enumeration(THREE, n, beta)
    np.testing.assert_allclose(found.log_probs, expected, atol=2e-13)
    law = np.exp(expected)
    assert found.mean_reward == pytest.approx(law @ THREE.rewards, rel=1e-13)
    expected_kl = law @ (expected - THREE.log_probs)
    assert found.kl == pytest.approx(expected_kl, rel=1e-10, abs=1e-15)


def test_rare_weights_keep_their_digits() -> None:
    model = FiniteModel([log(0.75), log(0.25), -200.0], [0.0, 1.0, 30.0])
    found = soft_best_of_n(model, n=4, beta=7.0)
    np.testing.assert_allclose(found.log_probs, by_enumeration(model, 4, 7.0), rtol=1e-13)


@given(models(most=5), st.integers(1, 10**9), st.floats(-5.0, 5.0))
def test_it_is_a_distribution_at_any_n(model: FiniteModel, n: int, beta: float) -> None:
    law = soft_best_of_n(model, n=n, beta=beta)
    assert np.exp(law.log_probs).sum() == pytest.approx(1.0, abs=1e-13)


def test_it_tends_to_the_tilt_like_one_over_n() -> None:
    target = tilt(THREE, beta=1.0)
    policy, probs = np.exp(target.log_probs), np.exp(THREE.log_probs)
    ratio = policy / probs
    variance = policy @ ratio**2 - (policy @ ratio) ** 2
    covariance = policy @ (THREE.rewards * ratio) - target.mean_reward * (policy @ ratio)
    n = 10**5
    law = soft_best_of_n(THREE, n=n, beta=1.0)
    assert n**2 * divergence(target, law) == pytest.approx(variance / 2, rel=1e-3)
    gap = n * (law.mean_reward - target.mean_reward)
    assert gap == pytest.approx(-covariance, rel=1e-3)
    huge = soft_best_of_n(THREE, n=10**400, beta=1.0)
    np.testing.assert_allclose(huge.log_probs, target.log_probs, atol=1e-12)


@pytest.mark.parametrize("penalty", [-100.0, -1e4, -1e5])
def test_levels_far_apart_are_told_apart(penalty: float) -> None:
    rewards = [0.0, 1.0, penalty, penalty - 0.5, 3 * penalty]
    model = FiniteModel.from_probs([0.3, 0.2, 0.2, 0.2, 0.1], rewards)
    found = soft_best_of_n(model, n=3, beta=2.0)
    expected = by_enumeration(model, 3, 2.0)
    np.testing.assert_allclose(found.log_probs, expected, atol=1e-15 * abs(penalty) + 1e-12)


@pytest.mark.parametrize("penalty", [-1e9, -1e18, -1e20, -3.4e38, -1e60])
@pytest.mark.parametrize("beta", [-2.0, 1e-3, 2.0])
def test_how_far_apart_levels_are_does_not_matter(penalty: float, beta: float) -> None:
    rewards = [0.0, 1.0, penalty, 1.5 * penalty, 3 * penalty]
    model = FiniteModel.from_probs([0.3, 0.2, 0.2, 0.2, 0.1], rewards)
    found = soft_best_of_n(model, n=3, beta=beta)
    expected = by_enumeration(model, 3, beta)
    np.testing.assert_allclose(found.log_probs, expected, atol=1e-12)
    assert found.mean_reward == pytest.approx(np.exp(expected) @ rewards, rel=1e-12)


@pytest.mark.parametrize("beta", [500.0, 1e12, inf])
def test_a_large_beta_keeps_the_best(beta: float) -> None:
    ours, best = soft_best_of_n(THREE, n=6, beta=beta), best_of_n(THREE, n=6)
    np.testing.assert_allclose(ours.log_probs, best.log_probs, atol=1e-12)
    worst = soft_best_of_n(THREE, n=6, beta=-inf)
    assert exp(worst.log_probs[2]) == pytest.approx(0.25**6, rel=1e-12)


def test_without_choice_it_is_the_reference_policy() -> None:
    for law in (soft_best_of_n(THREE, n=1, beta=3.0), soft_best_of_n(THREE, n=9, beta=0.0)):
        np.testing.assert_array_equal(law.log_probs, THREE.log_probs)
        assert law.kl == 0.0
        assert law.win_rate == 0.5


def test_what_must_not_be_is_kept_only_where_nothing_else_was_drawn() -> None:
    model = FiniteModel.from_probs([0.5, 0.25, 0.25], [-inf, 0.0, 1.0])
    law = soft_best_of_n(model, n=3, beta=1.0)
    assert exp(law.log_probs[0]) == pytest.approx(0.125, rel=1e-14)
    assert np.exp(law.log_probs).sum() == pytest.approx(1.0, abs=1e-14)
    nearly = FiniteModel(model.log_probs, [-200.0, 0.0, 1.0])
    np.testing.assert_allclose(
        law.log_probs, soft_best_of_n(nearly, n=3, beta=1.0).log_probs, atol=1e-12
    )


def test_what_has_no_answer_is_refused() -> None:
    void = FiniteModel.from_probs([0.5, 0.5], [-inf, 0.0])
    with pytest.raises(InputError, match="beta must not be negative"):
        soft_best_of_n(void, n=2, beta=-1.0)
    with pytest.raises(InputError, match="n must be at least 1"):
        soft_best_of_n(THREE, n=0, beta=1.0)
    many = FiniteModel.from_probs(np.full(10**5, 1e-5), np.arange(10.0**5))
    with pytest.raises(InputError, match="beta is too large for soft best-of-n over 100000"):
        soft_best_of_n(many, n=2, beta=1e3)
    with pytest.raises(InputError, match="needs a model with levels"):
        soft_best_of_n.__wrapped__(GaussianReward(0.0, 1.0), n=2, beta=1.0)
