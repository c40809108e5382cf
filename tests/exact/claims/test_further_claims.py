"""Certificates, cumulants, limits and random N against routes that share nothing with them."""

import itertools
from math import exp

import numpy as np
import pytest
from mpmath import mp, mpf
from scipy.stats import entropy

from klimit import FiniteModel, best_of_n, random_best_of_n
from klimit.exact.claims import (
    best_of_n_claim,
    certificate_claim,
    cumulant_claim,
    example_settings,
    limits_claim,
    random_n_claim,
    setting_of,
    tail_claim,
)
from klimit.exact.claims.spread import SpreadCount

SETTINGS = example_settings(lengths=[5, 50, 100])
COIN = setting_of(
    FiniteModel.from_probs([0.6, 0.4], [0.0, 1.0]), name="coin", kl=0.1, lengths=[4, 40]
)


@pytest.mark.parametrize("setting", SETTINGS)
def test_two_numbers_tell_the_divergence_of_any_policy(setting) -> None:
    claim = certificate_claim(setting, rng=3)
    assert claim.divergence.size > 20
    assert claim.largest_error < 1e-14
    assert np.all(claim.closest_divergence <= claim.divergence * (1 + 1e-12))
    frontier = setting.limits.curve(claim.policies.kl).mean_reward
    assert np.all(claim.policies.reward < frontier)


@pytest.mark.parametrize("setting", SETTINGS)
def test_twins_are_far_apart_and_equally_far_from_the_optimum(setting) -> None:
    for twins in certificate_claim(setting).twins:
        assert twins.total_variation > 0.3
        assert twins.divergence == pytest.approx(twins.certificate, rel=1e-10)
        assert twins.other_divergence == pytest.approx(twins.certificate, rel=1e-10)


def test_coins_are_tossed_three_at_a_time_since_one_number_tells_a_coin() -> None:
    claim = certificate_claim(COIN)
    assert claim.block == 3
    assert len(claim.twins) == 3
    assert claim.divergence.min() > 1e-9
    assert claim.largest_error < 1e-13


@pytest.mark.parametrize(
    ("probs", "rewards"),
    [
        ([0.01, 0.99], [1.0, 0.0]),
        ([0.9, 0.1], [1.0, 0.0]),
        ([0.5, 0.3, 0.2], [1e9, 1.0000001e9, 1.0000003e9]),
        ([0.25, 0.25, 0.5], [1e-9, 2e-9, 5e-9]),
        ([0.2, 0.2, 0.2, 0.2, 0.2], [0.3, 0.1, 0.25, -3.7, 0.123456]),
    ],
)
def test_every_claim_has_numbers_for_models_at_the_edge(probs, rewards) -> None:
    model = FiniteModel.from_probs(probs, rewards)
    setting = setting_of(model, name="edge", lengths=[25, 100])
    blur = 1e-12 + 16 * 2.0**-52 * setting.optimum.beta * max(np.abs(rewards))
    assert certificate_claim(setting).largest_error < blur
    assert tail_claim(setting).product_error.max() < 1e-12
    assert cumulant_claim(setting).largest_error < 1e-12 * (1 + max(np.abs(rewards)))
    assert best_of_n_claim(setting).divergence[1] < best_of_n_claim(setting).divergence[0]
    assert np.isinf(limits_claim(setting).divergence).sum() == 3
    claim = random_n_claim(setting)
    assert np.all(claim.spread < claim.fixed)


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_cross_entropy_is_the_mean_over_all_sequences(setting) -> None:
    claim = cumulant_claim(setting)
    strings = np.array(list(itertools.product(range(3), repeat=5)))
    probs = np.exp(setting.optimum.log_probs[strings].sum(axis=1))
    log_q = (setting.symbols.rewards - claim.constant)[strings].sum(axis=1)
    assert np.exp(setting.symbols.rewards - claim.constant).sum() == pytest.approx(1.0)
    t = claim.order - 1
    expected = [-np.log(probs @ np.exp(x * log_q)) / (5 * x) for x in t]
    np.testing.assert_allclose(claim.renyi, expected, rtol=1e-12)
    np.testing.assert_allclose(claim.scaled, np.tile(expected, (3, 1)), rtol=1e-12)


@pytest.mark.parametrize("setting", SETTINGS)
def test_cumulants_add(setting) -> None:
    claim = cumulant_claim(setting)
    rewards = setting.symbols.rewards
    probs = np.exp(setting.optimum.log_probs)
    mean = probs @ rewards
    moments = [probs @ (rewards - mean) ** k for k in (2, 3, 4)]
    expected = [mean, moments[0], moments[1], moments[2] - 3 * moments[0] ** 2]
    np.testing.assert_allclose(claim.cumulants, expected, rtol=1e-12)
    np.testing.assert_allclose(claim.per_symbol, np.tile(expected, (3, 1)), rtol=1e-9)


def test_the_distances_of_coins_are_those_of_many_digits() -> None:
    claim = limits_claim(COIN)
    for k, length in enumerate((4, 40)):
        best, optimum = _coins(length)
        with mp.workdps(80):
            apart = mp.fsum(abs(b - q) for b, q in zip(best, optimum, strict=True)) / 2
            forward = mp.fsum(b * mp.log(b / q) for b, q in zip(best, optimum, strict=True))
            reverse = mp.fsum(q * mp.log(q / b) for b, q in zip(best, optimum, strict=True))
        assert claim.total_variation[k] == pytest.approx(float(apart), rel=1e-11)
        assert claim.forward[k] == pytest.approx(float(forward), rel=1e-11)
        assert claim.reverse[k] == pytest.approx(float(reverse), rel=1e-11)


def _coins(length: int) -> tuple[list[mpf], list[mpf]]:
    with mp.workdps(80):
        p = mpf(float(np.exp(COIN.symbols.log_probs[1])))
        draws, beta = mp.exp(mpf(COIN.kl) * length), mpf(COIN.optimum.beta)
        law = [
            mp.binomial(length, s) * p**s * (1 - p) ** (length - s) for s in range(length + 1)
        ]
        upto = [mp.fsum(law[: s + 1]) for s in range(length + 1)]
        best = [upto[0] ** draws]
        best += [upto[s] ** draws - upto[s - 1] ** draws for s in range(1, length + 1)]
        weights = [mass * mp.exp(beta * s) for s, mass in enumerate(law)]
        return best, [weight / mp.fsum(weights) for weight in weights]


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_divergence_is_infinite_from_the_ceiling_on_and_finite_below(setting) -> None:
    claim = limits_claim(setting)
    assert np.array_equal(np.isinf(claim.divergence), claim.kl >= claim.ceiling_kl)
    assert claim.missed == pytest.approx(exp(-1), rel=1e-3)


def test_the_two_move_apart_as_sequences_grow() -> None:
    for setting in example_settings(lengths=[25, 100, 400]):
        claim = limits_claim(setting)
        assert np.all(np.diff(claim.total_variation) > 0)
        assert np.all(np.diff(np.log(claim.reverse)) > 1)
        np.testing.assert_allclose(
            claim.total_variation_law, claim.total_variation, rtol=0.02, atol=0.0
        )


def test_a_spread_number_is_the_mixture_of_its_numbers() -> None:
    model = FiniteModel.from_probs([0.4, 0.3, 0.2, 0.1], [0.0, 1.0, 2.5, 4.0])
    weights, sizes = np.array([0.5, 0.3, 0.2]), np.array([1.0, 3.0, 40.0])
    number = SpreadCount(np.log(weights), np.log(sizes))
    mixed = random_best_of_n(model, pgf=number)
    parts = [best_of_n(model, log_n=float(np.log(n))) for n in sizes]
    expected = sum(w * np.exp(part.log_probs) for w, part in zip(weights, parts, strict=True))
    np.testing.assert_allclose(np.exp(mixed.log_probs), expected, rtol=1e-13)
    assert mixed.mean_reward == pytest.approx(float(expected @ model.rewards), rel=1e-13)
    assert mixed.kl == pytest.approx(entropy(expected, np.exp(model.log_probs)), rel=1e-12)
    assert number.log_mean == pytest.approx(np.log(weights @ sizes))
    assert number.mean_log == pytest.approx(weights @ np.log(sizes))
    deviation = np.sqrt(np.cov(np.log(sizes), aweights=weights, ddof=0))
    assert number.std_log == pytest.approx(float(deviation))


def test_a_random_number_closes_the_gap_and_a_geometric_one_does_not() -> None:
    for setting in SETTINGS:
        claim = random_n_claim(setting)
        assert claim.lengths.tolist() == [5, 50, 100]
        assert np.all(np.diff(claim.spread) < 0)
        assert claim.spread[-1] < 3e-3
        assert claim.spread_variation[-1] < 0.03
        assert np.all(claim.geometric[1:] > 0.5)
        assert np.all(claim.log_mean_n > claim.mean_log_n)
        gap = np.abs(claim.laws.spread - claim.laws.optimum).max()
        assert gap <= claim.spread_variation[-1] + 1e-9
        assert np.abs(claim.laws.fixed - claim.laws.optimum).max() > 0.3


def test_a_budget_without_a_float_for_the_geometric_number_is_unknown_and_not_zero() -> None:
    setting = setting_of(
        FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0]), name="coin", kl=0.5, lengths=[10, 1500]
    )
    geometric = random_n_claim(setting).geometric
    assert np.isfinite(geometric[0])
    assert np.isnan(geometric[1])
