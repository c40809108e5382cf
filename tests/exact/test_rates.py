"""Scaled cumulants, cumulants and the rate function."""

from math import inf, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

from klimit import (
    FiniteModel,
    GaussianReward,
    InputError,
    cumulants,
    divergence,
    rate,
    renyi_cross_entropy,
    scaled_cgf,
    tilt,
)
from tests.strategies import models

P, Q = [0.5, 0.25, 0.125, 0.125], [0.125, 0.5, 0.25, 0.125]
THREE = FiniteModel.from_probs([0.5, 0.25, 0.25], [0.0, 1.0, 1.0 + 2.0**0.5])
VOID = FiniteModel.from_probs([0.5, 0.25, 0.25], [-inf, 0.0, 1.0])


@pytest.mark.parametrize("beta", [0.0, 0.7, -2.0, 5.0])
def test_cumulants_are_the_derivatives_of_the_generating_function(beta: float) -> None:
    with mp.workdps(60):
        pairs = list(zip([0.5, 0.25, 0.25], THREE.rewards.tolist(), strict=True))

        def cgf(t: mpf) -> mpf:
            return mp.log(mp.fsum(p * mp.exp(t * mpf(r)) for p, r in pairs))

        series = mp.taylor(cgf, beta, 12)
        expected = [float(series[j] * mp.factorial(j)) for j in range(1, 13)]
    np.testing.assert_allclose(cumulants(THREE, beta=beta, order=12), expected, rtol=1e-12)


def test_two_hundred_cumulants_of_a_coin_are_bernoulli_numbers() -> None:
    coin = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
    found = cumulants(coin, order=200)
    for j in (2, 4, 10, 50, 200):
        expected = (2**j - 1) * mp.bernoulli(j) / j
        assert found[j - 1] == pytest.approx(float(expected), rel=1e-13)
    assert found[0] == 0.5
    assert found[2] == found[98] == 0.0


@given(models(), st.floats(-2.0, 2.0), st.floats(-2.0, 2.0))
def test_the_scaled_function_is_a_difference_of_generating_functions(
    model: FiniteModel, beta: float, t: float
) -> None:
    difference = tilt(model, beta=beta + t).cgf - tilt(model, beta=beta).cgf
    np.testing.assert_allclose(scaled_cgf(model, t=t, beta=beta), difference, atol=1e-12)


@given(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0).filter(bool))
def test_its_growth_is_a_renyi_cross_entropy(alpha: float, t: float) -> None:
    model = FiniteModel.from_probs(P, np.log(Q))
    entropy = renyi_cross_entropy(tilt(model, beta=alpha), np.log(Q), order=1.0 + t)
    np.testing.assert_allclose(scaled_cgf(model, t=t, beta=alpha), -t * entropy, atol=1e-13)


@given(models(), st.floats(-2.0, 2.0), st.floats(-2.0, 2.0))
def test_the_rate_is_the_divergence_between_tilts(
    model: FiniteModel, beta: float, other: float
) -> None:
    target = tilt(model, beta=other)
    expected = divergence(target, tilt(model, beta=beta))
    np.testing.assert_allclose(
        rate(model, target.mean_reward, beta=beta), expected, rtol=1e-6, atol=1e-13
    )


def test_the_rate_is_what_many_coins_show() -> None:
    coin, n = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0]), 4000
    heads = np.arange(3 * n // 4, n + 1)
    with mp.workdps(30):
        tail = float(mp.log(mp.fsum(mp.binomial(n, int(k)) for k in heads)) - n * mp.log(2))
    # Bahadur and Rao's factor on a lattice of span 1
    best = tilt(coin, beta=log(3.0))
    factor = 1 / (1 - np.exp(-best.beta)) / np.sqrt(2 * np.pi * n * best.variance)
    assert tail == pytest.approx(-n * rate(coin, 0.75) + log(factor), abs=2e-3)


def test_the_rate_at_and_beyond_its_ends() -> None:
    assert rate(THREE, float(THREE.rewards[-1])) == pytest.approx(log(4.0), rel=1e-15)
    assert rate(THREE, 0.0) == pytest.approx(log(2.0), rel=1e-15)
    assert rate(THREE, 3.0) == rate(THREE, -0.1) == inf
    assert rate(THREE, tilt(THREE, beta=0.0).mean_reward) == 0.0
    constant = FiniteModel.from_probs([0.5, 0.5], [2.0, 2.0])
    assert (rate(constant, 2.0), rate(constant, 2.5)) == (0.0, inf)


def test_what_must_not_be_costs_its_avoidance() -> None:
    assert rate(VOID, 0.5) == pytest.approx(log(2.0), rel=1e-15)
    assert rate(VOID, -inf) == 0.0
    assert scaled_cgf(VOID, t=-1.0) == inf
    assert scaled_cgf(VOID, t=0.0) == 0.0
    assert scaled_cgf(VOID, t=1e-12) == pytest.approx(-log(2.0), rel=1e-11)
    assert np.isfinite(scaled_cgf(VOID, t=-5.0, beta=1.0))
    with pytest.raises(InputError, match="cumulants need a finite mean reward"):
        cumulants(VOID)
    assert cumulants(VOID, beta=1.0)[0] == tilt(VOID, beta=1.0).mean_reward


def test_a_normal_reward_has_two_cumulants() -> None:
    normal = GaussianReward(1.0, 2.0)
    np.testing.assert_array_equal(cumulants(normal, beta=0.5), [3.0, 4.0, 0.0, 0.0])
    assert rate(normal, 5.0, beta=0.5) == pytest.approx(0.5)
    assert scaled_cgf(normal, t=0.5, beta=0.5) == pytest.approx(1.5 + 0.5)


def test_orders_out_of_range_are_refused() -> None:
    with pytest.raises(InputError, match="order must be at least 1, got 0"):
        cumulants(THREE, order=0)
    with pytest.raises(InputError, match="order must be at most 256"):
        cumulants(THREE, order=300)
    with pytest.raises(InputError, match="x must be a number, got nan"):
        rate(THREE, float("nan"))
