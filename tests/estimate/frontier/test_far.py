"""Draws far below the best: their series is right in proportion to the best draw's weight."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from klimit.estimate.frontier.far import KNOWN, FarDraws

RNG = np.random.default_rng(11)
X = np.concatenate([np.linspace(-1, 1, 801), np.cos(np.linspace(0, np.pi, 200))])


def one_draw_each(x: np.ndarray) -> FarDraws:
    return FarDraws.from_powers(np.ones(x.size), x[:, None] ** np.arange(KNOWN))


@pytest.mark.parametrize("beta", [0.0, 0.3, 2.0, 6.5, 12.0, 14.0, 20.0, 40.0, 90.0, 150.0])
def test_what_a_draw_loses_is_as_small_as_stated_at_any_beta(beta: float) -> None:
    found = one_draw_each(X).masses(slice(None), np.array([beta]))[:, 0]
    lost = np.abs(found - np.exp(beta * X)) * np.exp(-2 * beta)
    assert lost.max() < 6e-14 + 2.0**-48


def test_above_any_reach_they_weigh_nothing() -> None:
    draws, betas = one_draw_each(X), np.array([250.0, 1e6, 1e300])
    # the caller multiplies by exp(-2 beta h), 0 long before these overflow
    assert np.isfinite(draws.masses(slice(None), betas)).all()
    assert np.isfinite(draws.sums(slice(None), np.full(X.size, 1e300))).all()


@pytest.mark.parametrize("beta", [0.0, 1e-12, 0.4, 3.0])
def test_sums_are_those_over_the_draws(beta: float) -> None:
    half, rows = np.array([0.5, 2.0, 1e-9, 1e9]), RNG.uniform(-1, 1, (4, 50))
    draws = FarDraws.from_powers(
        half, np.array([(r[:, None] ** range(KNOWN)).sum(0) for r in rows])
    )
    betas = beta / half
    weights, away = np.exp(beta * rows), rows * half[:, None]
    expected = [weights, weights * away, weights * away**2, weights**2, weights**3, weights**4]
    found = draws.sums(slice(None), betas)
    for one, other, power in zip(found, expected, [1, 1, 1, 2, 3, 4], strict=True):
        lost = 6e-14 * np.exp(2 * power * beta) * np.abs(other).max(axis=1) * 50
        assert (np.abs(one - other.sum(axis=1)) <= lost).all()
    assert_allclose(draws.sums(slice(1, 3), betas[1:3]), found[:, 1:3], rtol=1e-14)
    common = np.array(
        [draws.masses(slice(None), np.array([b]))[i, 0] for i, b in enumerate(betas)]
    )
    assert_allclose(common, found[0], rtol=1e-12)


def test_prompts_without_far_draws_have_no_sums() -> None:
    none = FarDraws.from_powers(np.zeros(3), np.zeros((3, KNOWN)))
    assert not none.masses(slice(None), np.array([0.0, 1.0])).any()
    assert not none.sums(slice(None), np.array([0.0, 1.0, 1e9])).any()
