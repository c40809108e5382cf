"""Renyi divergence and cross entropy against their definitions in fifty digits."""

from math import inf, log

import numpy as np
import pytest
from mpmath import mp, mpf

from klimit import (
    FiniteModel,
    InputError,
    divergence,
    renyi_cross_entropy,
    renyi_divergence,
    tilt,
)

P = [0.5, 0.25, 0.125, 0.125]
Q = [0.125, 0.5, 0.25, 0.125]
ORDERS = [-700.0, -3.0, -1e-6, 1e-12, 0.25, 0.5, 1 - 1e-9, 1 + 1e-12, 1.5, 2.0, 40.0, 900.0]


def divergence_by_definition(p: list[float], q: list[float], order: float) -> float:
    with mp.workdps(60):
        a = mpf(order)
        total = mp.fsum(mpf(x) ** a * mpf(y) ** (1 - a) for x, y in zip(p, q, strict=True))
        return float(mp.log(total) / (a - 1))


def cross_entropy_by_definition(p: list[float], q: list[float], order: float) -> float:
    with mp.workdps(60):
        a = mpf(order)
        total = mp.fsum(mpf(x) * mpf(y) ** (a - 1) for x, y in zip(p, q, strict=True))
        return float(mp.log(total) / (1 - a))


@pytest.mark.parametrize("order", ORDERS)
def test_the_divergence_is_its_definition(order: float) -> None:
    expected = divergence_by_definition(P, Q, order)
    np.testing.assert_allclose(renyi_divergence(P, Q, order=order), expected, rtol=1e-13)


@pytest.mark.parametrize("order", ORDERS)
def test_the_cross_entropy_is_its_definition(order: float) -> None:
    expected = cross_entropy_by_definition(P, Q, order)
    np.testing.assert_allclose(renyi_cross_entropy(P, Q, order=order), expected, rtol=1e-13)


@pytest.mark.parametrize("order", [-3.0, 0.25, 0.75, 1.5, 30.0])
def test_nearby_distributions_keep_their_digits(order: float) -> None:
    near = [0.5 + 2.0**-30, 0.25 - 2.0**-30, 0.125 - 2.0**-31, 0.125 + 2.0**-31]
    expected = divergence_by_definition(near, P, order)
    np.testing.assert_allclose(renyi_divergence(near, P, order=order), expected, rtol=1e-7)
    # laws of one reference policy share more than their probabilities
    model = FiniteModel.from_probs(P, [0.0, 1.0, 2.0, 4.0])
    weak = renyi_divergence(tilt(model, beta=1e-9), model, order=order)
    np.testing.assert_allclose(weak, order * tilt(model, beta=1e-9).kl, rtol=1e-7)


def test_the_limits_at_one_zero_and_infinity() -> None:
    ratio = np.log(P) - np.log(Q)
    assert renyi_divergence(P, Q, order=1) == divergence(np.log(P), np.log(Q))
    assert renyi_divergence(P, Q, order=0) == 0.0
    assert renyi_divergence(P, Q, order=inf) == pytest.approx(ratio.max(), rel=1e-15)
    assert renyi_divergence(P, Q, order=-inf) == pytest.approx(ratio.min(), rel=1e-15)
    assert renyi_cross_entropy(P, Q, order=1) == pytest.approx(-np.dot(P, np.log(Q)), rel=1e-15)
    assert renyi_cross_entropy(P, Q, order=inf) == pytest.approx(log(2.0), rel=1e-15)
    assert renyi_cross_entropy(P, Q, order=-inf) == pytest.approx(log(8.0), rel=1e-15)


def test_zeros_follow_the_definition() -> None:
    p, q = [0.5, 0.5, 0.0], [0.0, 0.25, 0.75]
    assert renyi_divergence(p, q, order=0) == pytest.approx(log(4.0))
    assert renyi_divergence(p, q, order=0.5) == pytest.approx(-2 * log((0.5 * 0.25) ** 0.5))
    assert renyi_divergence(p, q, order=1) == inf
    assert renyi_divergence(p, q, order=2) == inf
    assert renyi_divergence(p, q, order=-1) == -inf
    assert renyi_divergence([1.0, 0.0], [0.0, 1.0], order=0.5) == inf
    assert renyi_cross_entropy(p, q, order=1) == inf
    assert renyi_cross_entropy(p, q, order=2) == pytest.approx(-log(0.125))
    assert renyi_cross_entropy([1.0, 0.0], [0.0, 1.0], order=2) == inf


def test_a_tiny_missing_mass_is_not_lost() -> None:
    assert renyi_divergence([1.0, 0.0], [1.0, 1e-20], order=0) == pytest.approx(1e-20)


def test_it_refuses_what_is_no_distribution() -> None:
    with pytest.raises(InputError, match=r"sum to 1, got 0\.75"):
        renyi_divergence([0.5, 0.25], [0.5, 0.5], order=2)
    with pytest.raises(InputError, match="same outcomes, got 2 and 3"):
        renyi_divergence([0.5, 0.5], [0.5, 0.25, 0.25], order=2)
    with pytest.raises(InputError, match="order must be a number, got nan"):
        renyi_divergence([0.5, 0.5], [0.5, 0.5], order=float("nan"))
