"""Log-space arithmetic against fifty digits."""

from collections.abc import Callable
from math import inf

import numpy as np
import pytest
from mpmath import mp, mpf

from klimit.core.numerics import (
    exp_minus_linear,
    jeffreys,
    kl_from_ratio,
    log1mexp,
    log_cumsum_exp,
    log_minus_log1mexp,
    log_one_minus_exp_ratio,
    log_sum_exp,
)

SIZES = [1e-300, 1e-18, 1e-5, 0.0099, 0.0101, 0.0999, 0.1001, 0.5, 0.6931, 0.6932, 3.0, 40.5]
LOGS = [-1e5, -700.0, -40.1, -39.9, -5.0, -4.6, 0.0, 3.0, 6.9]


def exactly(function: Callable[[mpf], mpf], points: list[float]) -> list[float]:
    with mp.workdps(700):
        return [float(function(mpf(x))) for x in points]


def test_log1mexp() -> None:
    points = [-x for x in SIZES]
    expected = exactly(lambda x: mp.log(-mp.expm1(x)), points)
    np.testing.assert_allclose(log1mexp(np.array(points)), expected, rtol=1e-15)
    assert log1mexp(0.0) == -inf


def test_log_minus_log1mexp() -> None:
    points = [x for x in LOGS if x < 0 and x > -1e4]
    expected = exactly(lambda x: mp.log(-mp.log1p(-mp.exp(x))), points)
    np.testing.assert_allclose(log_minus_log1mexp(np.array(points)), expected, rtol=1e-15)
    assert log_minus_log1mexp(-1e6) == -1e6
    assert log_minus_log1mexp(0.0) == inf


def test_log_one_minus_exp_ratio() -> None:
    points = [x for x in LOGS if x > -1e4]
    expected = exactly(lambda x: mp.log(-mp.expm1(-mp.exp(x)) / mp.exp(x)), points)
    found = log_one_minus_exp_ratio(np.array(points))
    np.testing.assert_allclose(found, expected, rtol=1e-15, atol=4e-16)
    assert log_one_minus_exp_ratio(1e6) == -1e6


def test_exp_minus_linear() -> None:
    points = [s * x for x in SIZES[1:] for s in (-1.0, 1.0)]
    expected = exactly(lambda x: mp.expm1(x) - x, points)
    np.testing.assert_allclose(exp_minus_linear(np.array(points)), expected, rtol=3e-15)
    assert exp_minus_linear(np.zeros((2, 3))).shape == (2, 3)


def test_log_sum_exp() -> None:
    assert log_sum_exp(np.array([-inf, -inf])) == -inf
    assert log_sum_exp(np.array([-1e6, -inf])) == -1e6
    assert log_sum_exp(np.array([-1000.0, -1000.0])) == pytest.approx(-1000 + np.log(2))


def test_running_sums_keep_their_digits_over_thousands_of_nats() -> None:
    rng = np.random.default_rng(3)
    x = np.concatenate([[-inf], np.sort(rng.uniform(-5000.0, 0.0, 300)), [-3000.0, -inf, -1.0]])
    with mp.workdps(50):
        total, expected = mpf(0), []
        for value in x.tolist():
            total += mp.exp(mpf(value)) if value > -inf else 0
            expected.append(float(mp.log(total)) if total else -inf)
    np.testing.assert_allclose(log_cumsum_exp(x), expected, rtol=1e-15, atol=1e-13)
    np.testing.assert_array_equal(log_cumsum_exp(np.array([-inf, -inf])), [-inf, -inf])


def test_a_million_running_sums_drift_nowhere() -> None:
    count = 10**6
    found = log_cumsum_exp(np.full(count, -np.log(count)))
    expected = np.log(np.arange(1, count + 1) / count)
    np.testing.assert_allclose(np.exp(found), np.exp(expected), rtol=1e-14)


@pytest.mark.parametrize("size", SIZES[1:])
def test_divergences_of_any_size_keep_their_digits(size: float) -> None:
    base, u = np.log([0.5, 0.25, 0.25]), size * np.array([-0.5, 0.25, 1.0])
    with mp.workdps(60):
        p = [mp.exp(mpf(x)) for x in base.tolist()]
        q = [a * mp.exp(mpf(x)) for a, x in zip(p, u.tolist(), strict=True)]
        pairs = list(zip(p, q, u.tolist(), strict=True))
        kl = mp.fsum(b * mpf(x) - b + a for a, b, x in pairs)
        both = mp.fsum((b - a) * mpf(x) for a, b, x in pairs)
    assert kl_from_ratio(base, u) == pytest.approx(float(kl), rel=1e-14)
    assert jeffreys(base, u) == pytest.approx(float(both), rel=1e-14)


def test_mass_out_of_nowhere_is_infinitely_far() -> None:
    base = np.array([0.0, -inf])
    assert kl_from_ratio(base, np.array([-0.5, inf])) == inf
    assert kl_from_ratio(np.log([0.5, 0.5]), np.array([np.log(2), -inf])) == np.log(2)
