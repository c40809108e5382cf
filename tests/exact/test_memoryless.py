"""The law of a summed reward, and what it makes of tilts and best-of-N."""

import itertools
import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln

from klimit import (
    FiniteModel,
    InputError,
    Memoryless,
    best_of_n,
    certificate,
    divergence,
    frontier,
    tilt,
)
from tests.exact import fifty_digits
from tests.exact.fifty_digits import DIGITS, probabilities

THEORY = FiniteModel.from_probs([0.5, 0.3, 0.2], [0.0, 1.0, 1.0 + np.sqrt(2.0)])


@st.composite
def symbols(draw: st.DrawFn) -> FiniteModel:
    weights = np.array(draw(st.lists(st.floats(0.01, 1.0), min_size=2, max_size=5)))
    rewards = draw(
        st.lists(st.integers(-6, 6), min_size=weights.size, max_size=weights.size, unique=True)
    )
    return FiniteModel.from_probs(weights / weights.sum(), 0.25 * np.array(rewards))


@pytest.mark.parametrize("length", [1, 2, 3, 6])
@pytest.mark.parametrize(
    "rewards",
    [
        [0.1, 0.2, 0.3, 99.0, 0.3],
        [0.0, 1.0, np.sqrt(2.0), np.nan, 1.0],
        [0.5, -np.inf, 0.25, 0.0, 1.0],
        [2.0, 2.0, 2.0, 0.0, 2.0],
    ],
)
def test_it_is_the_law_found_by_enumerating_all_sequences(
    rewards: list[float], length: int
) -> None:
    probs = [0.2, 0.3, 0.1, 0.0, 0.4]
    found = Memoryless(FiniteModel.from_probs(probs, rewards)).total(length)
    exact: dict[float, list[float]] = {}
    for word in itertools.product([0, 1, 2, 4], repeat=length):
        total = round(math.fsum(rewards[i] for i in word), 9)
        exact.setdefault(total, []).append(math.prod(probs[i] for i in word))
    totals = sorted(exact)
    np.testing.assert_allclose(found.rewards, totals, rtol=1e-8, atol=1e-8)
    masses = [math.fsum(exact[x]) for x in totals]
    np.testing.assert_allclose(np.exp(found.log_probs), masses, rtol=1e-13)


def test_the_tail_of_256_symbols_of_64_keeps_twelve_digits() -> None:
    probs = np.sort(np.random.default_rng(1).dirichlet(np.full(64, 0.5)))[::-1]
    model = FiniteModel.from_probs(probs, np.arange(64.0))
    law = Memoryless(model).total(256)
    with mp.workdps(600):  # the recurrence cancels where the first term is the smallest
        p = probabilities(model.log_probs)[::-1]
        best = fifty_digits.lowest_sums(p, list(range(64)), 256, 1800)  # from the top down
        for deficit in (0, 1, 40, 500, 1200, 1799):
            tail = mp.log(mp.fsum(best[: deficit + 1]))
            ours = np.logaddexp.reduce(law.log_probs[len(law) - 1 - deficit :])
            assert abs(mp.mpf(float(ours)) / tail - 1) < 1e-12
        assert mp.log(mp.fsum(best[:600])) < -2290 < mp.log(mp.fsum(best[:1800]))


@given(symbols(), st.integers(1, 60), st.floats(-3.0, 3.0))
@settings(max_examples=40, deadline=None)
def test_the_tilt_is_a_product(model: FiniteModel, length: int, beta: float) -> None:
    one, all_ = tilt(model, beta=beta), tilt(Memoryless(model).total(length), beta=beta)
    scale = length * max(1.0, abs(beta))
    assert all_.kl == pytest.approx(length * one.kl, rel=1e-10, abs=1e-13 * scale)
    assert all_.cgf == pytest.approx(length * one.cgf, rel=1e-11, abs=1e-13 * scale)
    assert all_.mean_reward == pytest.approx(length * one.mean_reward, rel=1e-11, abs=1e-11)
    assert all_.variance == pytest.approx(length * one.variance, rel=1e-9)


@given(symbols(), st.integers(1, 60), st.floats(0.01, 30.0))
@settings(max_examples=40, deadline=None)
def test_best_of_n_is_within_its_bounds_and_the_certificate_is_its_divergence(
    model: FiniteModel, length: int, log_n: float
) -> None:
    law = Memoryless(model).total(length)
    best = best_of_n(law, log_n=log_n)
    limits = frontier(law)
    assert 0.0 <= best.kl <= min(best.kl_bound, limits.ceiling_kl) * (1 + 1e-12)
    assert best.mean_reward <= limits.at_kl(best.kl).mean_reward + 1e-9 * length
    if best.kl < 0.9 * limits.ceiling_kl:
        found = certificate(law, kl=best.kl, mean_reward=best.mean_reward)
        same_kl = limits.at_kl(best.kl)
        assert found.divergence_same_kl == pytest.approx(
            divergence(best, same_kl), rel=1e-6, abs=1e-9 * (1 + best.kl)
        )


@pytest.mark.parametrize(
    ("length", "per_symbol"),
    [(25, 2.6e-2), (50, 1.9e-2), (100, 1.24e-2), (200, 7.9e-3), (400, 4.8e-3), (800, 2.8e-3)],
)
def test_best_of_n_nears_the_optimum_as_the_theory_says(length: int, per_symbol: float) -> None:
    law = Memoryless(THEORY).total(length)
    best = best_of_n(law, n=math.floor(math.exp(0.2 * length)))
    optimum = tilt(law, beta=frontier(THEORY).at_kl(0.2).beta)
    digit = 10.0 ** (math.floor(math.log10(per_symbol)) - 1)
    assert abs(divergence(best, optimum) / length - per_symbol) <= 0.6 * digit


def test_a_million_symbols_keep_nine_digits_of_the_distance_to_the_optimum() -> None:
    model, length, log_n = FiniteModel.from_probs([0.7, 0.3], [0.0, 1.0]), 10**6, 1e5
    law = Memoryless(model).total(length)
    best = best_of_n(law, log_n=log_n)
    beta = frontier(model).at_kl(0.1).beta
    with mp.workdps(DIGITS):
        kl, distance = _million_coins(probabilities(model.log_probs), length, log_n, beta)
        assert abs(mp.mpf(best.kl) / kl - 1) < 1e-10
        assert abs(mp.mpf(divergence(best, tilt(law, beta=beta))) / distance - 1) < 1e-9


def _million_coins(
    p: list[mp.mpf], length: int, log_n: float, beta: float
) -> tuple[mp.mpf, mp.mpf]:
    """Divergences of best-of-N on coins, over the levels that it may keep."""
    at = math.floor(length * float(p[1] * mp.exp(beta) / (p[0] + p[1] * mp.exp(beta))))
    levels = range(at - 1500, at + 1500)
    mass = mp.exp(
        mp.loggamma(length + 1)
        - mp.loggamma(levels[0] + 1)
        - mp.loggamma(length - levels[0] + 1)
        + levels[0] * mp.log(p[1])
        + (length - levels[0]) * mp.log(p[0])
    )
    masses = []
    for s in levels:
        masses.append(mass)
        mass *= mp.mpf(length - s) / (s + 1) * p[1] / p[0]
    n, cgf = mp.exp(log_n), length * mp.log(p[0] + p[1] * mp.exp(beta))
    above, upper, kl, distance = mp.mpf(0), mp.mpf(1), mp.mpf(0), mp.mpf(0)
    for s, mass in zip(reversed(levels), reversed(masses), strict=True):
        above += mass
        lower = mp.exp(n * mp.log1p(-above)) if n * above < 200 else mp.mpf(0)
        kept, upper = upper - lower, lower
        if kept > 0:
            ratio = mp.log(kept / mass)
            kl += kept * ratio
            distance += kept * (ratio - beta * s + cgf)
    return kl, distance


def test_rewards_of_minus_infinity_leave_the_optimum_a_product() -> None:
    model = FiniteModel.from_probs([0.2, 0.3, 0.5], [-np.inf, 0.0, 1.0])
    law = Memoryless(model).total(500)
    assert law.levels.floor_kl == pytest.approx(500 * -math.log(0.8), rel=1e-12)
    assert frontier(law).at_kl(150.0).mean_reward == pytest.approx(
        500 * frontier(model).at_kl(0.3).mean_reward, rel=1e-12
    )


def test_the_number_of_draws_may_have_a_logarithm_beyond_a_hundred_thousand() -> None:
    law = Memoryless(FiniteModel.from_probs([0.5, 0.3, 0.2], [0, 1, 2])).total(200_000)
    best = best_of_n(law, log_n=200_000.0)
    assert best.log_n - 2.0 < best.kl < best.kl_bound
    assert best_of_n(law, log_n=400_000.0).kl == pytest.approx(-2e5 * math.log(0.2), rel=1e-12)


@pytest.mark.parametrize("length", [0, -1, True, 10**12, 2.0, math.nan, math.inf])
def test_a_length_that_is_no_number_of_symbols_is_refused(length: float) -> None:
    with pytest.raises(InputError, match=r"^length must be [^\n]*$"):
        Memoryless(THEORY).total(length)


def test_rewards_without_a_common_step_are_refused_where_types_are_too_many() -> None:
    with pytest.raises(InputError, match=r"^rewards without a common step [^\n]* round them"):
        Memoryless(THEORY).total(5000)


def test_a_lattice_of_too_many_levels_is_refused_with_the_longest_length() -> None:
    model = FiniteModel.from_probs([0.5, 0.3, 0.2], [0.0, 1.0, 100.0])
    with pytest.raises(InputError, match=r"length of at most 167772, got 200000"):
        Memoryless(model).total(200_000)


def test_the_distance_from_the_optimum_keeps_its_digits_where_it_explodes() -> None:
    model, length, log_n = FiniteModel.from_probs([0.5, 0.3, 0.2], [0.0, 1.0, 2.0]), 200, 40.0
    law = Memoryless(model).total(length)
    optimum = frontier(law).at_kl(log_n)
    with mp.workdps(400):
        p = probabilities(law.log_probs)
        weights = [x * mp.exp(mp.mpf(optimum.beta) * s) for s, x in enumerate(p)]
        below, distance = mp.mpf(0), mp.mpf(0)
        for mass, weight in zip(p, weights, strict=True):
            log_cdf = mp.log1p(-mp.fsum([1, -below, -mass]))
            ratio = below / (below + mass)
            kept = mp.exp(log_n) * log_cdf + mp.log1p(-(ratio ** mp.exp(log_n)))
            share = weight / mp.fsum(weights)
            distance += share * (mp.log(share) - kept)
            below += mass
    reverse = divergence(optimum, best_of_n(law, log_n=log_n))
    assert reverse == pytest.approx(float(distance), rel=1e-11)
    assert reverse == pytest.approx(2.25e7, rel=1e-2)


def test_a_total_in_a_valley_between_far_likelier_ones_keeps_its_digits() -> None:
    """Rewards 0, 1, 100: between multiples of 100 totals are rarer by many orders."""
    probs, length = np.array([0.5, 0.3, 0.2]), 300
    law = Memoryless(FiniteModel.from_probs(probs, [0.0, 1.0, 100.0])).total(length)
    hundreds, ones = np.meshgrid(np.arange(length + 1), np.arange(length + 1))
    some = hundreds + ones <= length
    hundreds, ones = hundreds[some], ones[some]
    zeros = length - hundreds - ones
    logs = gammaln(length + 1) - gammaln(zeros + 1) - gammaln(ones + 1) - gammaln(hundreds + 1)
    logs += zeros * np.log(0.5) + ones * np.log(0.3) + hundreds * np.log(0.2)
    expected = np.full(100 * length + 1, -np.inf)
    np.logaddexp.at(expected, 100 * hundreds + ones, logs)
    places = np.flatnonzero(np.isfinite(expected))
    np.testing.assert_array_equal(law.rewards, places)
    np.testing.assert_allclose(law.log_probs, expected[places], rtol=2e-12, atol=2e-12)
