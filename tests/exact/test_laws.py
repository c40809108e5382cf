"""Laws that hold for every model."""

from math import inf, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klimit import FiniteModel, best_of_n, certificate, divergence, frontier, tilt
from klimit.core.numerics import kl_from_ratio
from tests.strategies import models, tied_models

BETAS = st.floats(-4.0, 4.0)
SHARES = st.floats(0.01, 0.99)


@given(models(), BETAS, BETAS)
def test_tilts_compose(model: FiniteModel, one: float, other: float) -> None:
    again = tilt(FiniteModel(tilt(model, beta=one).log_probs, model.rewards), beta=other)
    np.testing.assert_allclose(
        again.log_probs, tilt(model, beta=one + other).log_probs, atol=1e-11
    )


@given(models(), BETAS)
def test_the_divergence_of_a_tilt_is_the_legendre_transform(
    model: FiniteModel, beta: float
) -> None:
    found = tilt(model, beta=beta)
    np.testing.assert_allclose(found.kl, beta * found.mean_reward - found.cgf, atol=1e-12)


@given(models(), BETAS.filter(lambda beta: abs(beta) > 1e-3))
def test_the_gain_is_the_divergence_of_jeffreys_over_beta(
    model: FiniteModel, beta: float
) -> None:
    found = tilt(model, beta=beta)
    both = divergence(found, model) + divergence(model, found)
    np.testing.assert_allclose(found.gain, both / beta, rtol=1e-12)


@given(models(), SHARES, st.lists(st.floats(0.01, 1.0), min_size=8, max_size=8))
def test_no_policy_beats_the_frontier(
    model: FiniteModel, share: float, weights: list[float]
) -> None:
    policy = np.array(weights)[: len(model)] ** (10 * share)
    policy /= policy.sum()
    kl = divergence(np.log(policy), model)
    best = frontier(model).at_kl(kl).mean_reward
    assert policy @ model.rewards <= best + 1e-12 * np.abs(model.rewards).max()


@given(models(), SHARES, SHARES, SHARES)
def test_the_frontier_is_increasing_and_concave(
    model: FiniteModel, one: float, two: float, weight: float
) -> None:
    curve = frontier(model)
    low, high = sorted([one * curve.ceiling_kl, two * curve.ceiling_kl])
    between = weight * low + (1 - weight) * high
    at_low, at_between, at_high = curve.curve([low, between, high]).mean_reward
    slack = 1e-12 * np.abs(model.rewards).max()
    assert at_low <= at_between + slack <= at_high + 2 * slack
    assert at_between >= weight * at_low + (1 - weight) * at_high - slack


@given(models(), SHARES)
def test_the_frontier_has_slope_one_over_beta(model: FiniteModel, share: float) -> None:
    curve = frontier(model)
    kl, step = share * curve.ceiling_kl, 1e-6 * share * (1 - share) * curve.ceiling_kl
    low, high = curve.curve([kl - step, kl + step]).mean_reward
    slope = 1 / curve.at_kl(kl).beta
    blur = 1e-15 * np.abs(model.rewards).max() / step
    np.testing.assert_allclose((high - low) / (2 * step), slope, rtol=1e-4, atol=4 * blur)


@given(models(), SHARES)
def test_budget_and_reward_lead_to_the_same_tilt(model: FiniteModel, share: float) -> None:
    curve = frontier(model)
    by_kl = curve.at_kl(share * curve.ceiling_kl)
    blur = 1e-14 * np.abs(model.rewards).max() / (by_kl.variance * by_kl.beta)
    np.testing.assert_allclose(
        curve.at_reward(by_kl.mean_reward).beta, by_kl.beta, rtol=1e-9 + blur
    )


@given(models(), SHARES, st.floats(-100.0, 100.0), st.sampled_from([2.0**-30, 4.0, 2.0**30]))
def test_a_shift_leaves_the_policy_alone_and_a_scale_divides_beta(
    model: FiniteModel, share: float, shift: float, scale: float
) -> None:
    kl = share * frontier(model).ceiling_kl
    plain = frontier(model).at_kl(kl)
    shifted = frontier(FiniteModel(model.log_probs, model.rewards + shift)).at_kl(kl)
    scaled = frontier(FiniteModel(model.log_probs, model.rewards * scale)).at_kl(kl)
    np.testing.assert_allclose(shifted.log_probs, plain.log_probs, atol=1e-8)
    np.testing.assert_allclose(scaled.log_probs, plain.log_probs, atol=1e-12)
    assert scaled.beta == pytest.approx(plain.beta / scale, rel=1e-12)


@given(tied_models(), SHARES, st.integers(1, 50))
def test_merging_ties_changes_neither_divergence_nor_mean(
    model: FiniteModel, share: float, n: int
) -> None:
    levels = np.unique(model.rewards)
    probs = np.exp(model.log_probs)
    merged = FiniteModel.from_probs([probs[model.rewards == v].sum() for v in levels], levels)
    kl = share * frontier(model).ceiling_kl
    for one, other in (
        (frontier(model).at_kl(kl), frontier(merged).at_kl(kl)),
        (best_of_n(model, n=n), best_of_n(merged, n=n)),
    ):
        assert one.kl == pytest.approx(other.kl, rel=1e-12, abs=1e-15)
        assert one.mean_reward == pytest.approx(other.mean_reward, rel=1e-9)


@given(tied_models(), st.integers(1, 10**6), st.integers(1, 10**6))
def test_best_of_n_stays_within_its_bounds_and_grows(
    model: FiniteModel, one: int, two: int
) -> None:
    fewer, more = (best_of_n(model, n=n) for n in sorted([one, two]))
    for law in (fewer, more):
        assert law.kl <= min(law.kl_bound, frontier(model).ceiling_kl) + 1e-14
        assert law.win_rate <= 1 / (1 + np.exp(-law.log_n)) + 1e-14
        best = frontier(model).at_kl(law.kl).mean_reward
        assert law.mean_reward <= best + 1e-13 * np.abs(model.rewards).max()
    assert fewer.kl <= more.kl + 1e-14
    assert fewer.shortfall >= more.shortfall


@given(tied_models(), st.integers(1, 100))
def test_a_fixed_preference_among_ties_costs_divergence_and_nothing_else(
    model: FiniteModel, n: int
) -> None:
    random, index = (best_of_n(model, n=n, ties=ties) for ties in ("random", "index"))
    assert index.kl >= random.kl - 1e-14
    assert index.mean_reward == random.mean_reward
    assert index.win_rate == random.win_rate


@given(models())
def test_best_of_one_is_the_reference_policy(model: FiniteModel) -> None:
    law = best_of_n(model, n=1)
    assert law.kl == 0.0
    np.testing.assert_array_equal(law.log_probs, model.log_probs)
    mean = tilt(model, beta=0.0).mean_reward
    np.testing.assert_allclose(law.mean_reward, mean, atol=1e-14 * np.abs(model.rewards).max())


@given(models(), st.integers(1, 30), BETAS)
def test_two_numbers_tell_the_distance_to_every_tilt(
    model: FiniteModel, n: int, beta: float
) -> None:
    law, target = best_of_n(model, n=n), tilt(model, beta=beta)
    told = law.kl - beta * law.mean_reward + target.cgf
    np.testing.assert_allclose(divergence(law, target), told, atol=1e-12)


@given(models(), st.integers(2, 30))
def test_the_certificate_is_the_true_divergence(model: FiniteModel, n: int) -> None:
    law = best_of_n(model, n=n)
    known = certificate(model, kl=law.kl, mean_reward=law.mean_reward)
    same_kl = frontier(model).at_kl(law.kl)
    same_reward = frontier(model).at_reward(law.mean_reward)
    np.testing.assert_allclose(
        known.divergence_same_kl, divergence(law, same_kl), rtol=1e-6, atol=1e-10
    )
    np.testing.assert_allclose(
        known.divergence_closest, divergence(law, same_reward), rtol=1e-6, atol=1e-10
    )
    distance = np.abs(np.exp(law.log_probs) - np.exp(same_kl.log_probs)).sum() / 2
    assert distance <= known.tv_bound + 1e-6
    assert known.divergence_closest <= known.divergence_same_kl + 1e-10


@given(models(), models())
def test_products_add(one: FiniteModel, other: FiniteModel) -> None:
    log_probs = np.add.outer(one.log_probs, other.log_probs).ravel()
    rewards = np.add.outer(one.rewards, other.rewards).ravel()
    both = tilt(FiniteModel(log_probs, rewards), beta=0.7)
    parts = [tilt(one, beta=0.7), tilt(other, beta=0.7)]
    for name in ("cgf", "mean_reward", "variance", "kl"):
        total = sum(getattr(part, name) for part in parts)
        np.testing.assert_allclose(getattr(both, name), total, rtol=1e-11, atol=1e-12)


@given(models(), st.randoms(use_true_random=False))
def test_the_order_of_outcomes_does_not_matter(model: FiniteModel, random: object) -> None:
    order = list(range(len(model)))
    random.shuffle(order)
    other = FiniteModel(model.log_probs[order], model.rewards[order])
    np.testing.assert_allclose(
        tilt(other, beta=1.0).log_probs, tilt(model, beta=1.0).log_probs[order], atol=1e-13
    )
    np.testing.assert_allclose(
        best_of_n(other, n=5).log_probs, best_of_n(model, n=5).log_probs[order], atol=1e-12
    )


def test_divergence_has_a_direction_and_may_be_infinite() -> None:
    coin = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
    sure = tilt(coin, beta=inf)
    assert divergence(sure, coin) == pytest.approx(log(2))
    assert divergence(coin, sure) == inf


def test_weak_tilts_keep_the_digits_of_their_divergence() -> None:
    model = FiniteModel.from_probs([0.3, 0.3, 0.4], [0.0, 1.0, 5.0])
    one, other = tilt(model, beta=1.0), tilt(model, beta=1.0 + 2.0**-30)
    expected = 2.0**-61 * one.variance
    assert divergence(one, other) == pytest.approx(expected, rel=1e-8)
    assert kl_from_ratio(model.log_probs, np.zeros(3)) == 0.0
