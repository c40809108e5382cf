"""Draws in stretches: a series is right in proportion to the best draw's weight."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from klimit.estimate.frontier.raising import KNOWN, Raising
from klimit.estimate.frontier.stretches import Stretches

RNG = np.random.default_rng(11)
X = np.concatenate([np.linspace(-1, 1, 801), np.cos(np.linspace(0, np.pi, 200))])
ALL = slice(None)


def stretches(half: np.ndarray, powers: np.ndarray) -> Stretches:
    """One a prompt, as far below the best as its series bears."""
    return Stretches.from_powers(-2 * half[:, None], half[:, None], powers[:, None])


def one_draw_each(x: np.ndarray) -> Stretches:
    return stretches(np.ones(x.size), x[:, None] ** np.arange(KNOWN))


@pytest.mark.parametrize("beta", [0.0, 0.3, 2.0, 6.5, 12.0, 14.0, 20.0, 40.0, 90.0, 150.0])
def test_what_a_draw_loses_is_as_small_as_stated_at_any_beta(beta: float) -> None:
    found = one_draw_each(X).masses(ALL, np.array([beta]))[0, :, 0]
    lost = np.abs(found - np.exp(beta * X)) * np.exp(-2 * beta)
    assert lost.max() < 6e-14 + 2.0**-48


def test_above_any_reach_they_weigh_nothing() -> None:
    draws, betas = one_draw_each(X), np.array([250.0, 1e6, 1e300])
    # the caller multiplies by exp(-2 beta h), 0 long before these overflow
    assert np.isfinite(draws.masses(ALL, betas)).all()
    assert np.isfinite(draws.sums(ALL, np.full(X.size, 1e300))).all()


@pytest.mark.parametrize("order", [1, -1])
def test_betas_of_any_size_may_be_asked_for_at_once(order: int) -> None:
    betas = np.array([0.0, 1e-9, 1e-3, 0.7, 8.0, 1e4, 1e9])[::order]
    draws = one_draw_each(X)
    found = draws.masses(ALL, betas)[:, :, 0]
    lost = np.abs(found * np.exp(-2 * betas)[:, None] - np.exp(np.outer(betas, X - 2)))
    assert lost.max() < 6e-14 + 2.0**-48
    borne = betas < 100  # above it masses are bounded, and no more
    alone = [draws.masses(ALL, np.array([beta]))[0, :, 0] for beta in betas[borne]]
    assert_allclose(found[borne], alone, rtol=1e-10, atol=1e-12)


def test_the_unit_of_the_reward_does_not_matter() -> None:
    powers, betas = X[:, None] ** np.arange(KNOWN), np.array([0.01, 3.0])
    for unit in (1e-60, 1e60):
        draws = stretches(np.full(X.size, unit), powers)
        alike = one_draw_each(X).masses(ALL, betas)
        assert_allclose(draws.masses(ALL, betas / unit), alike, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("beta", [0.0, 1e-12, 0.4, 3.0])
def test_sums_are_those_over_the_draws(beta: float) -> None:
    half, rows = np.array([0.5, 2.0, 1e-9, 1e9]), RNG.uniform(-1, 1, (4, 50))
    draws = stretches(half, np.array([(r[:, None] ** range(KNOWN)).sum(0) for r in rows]))
    betas = beta / half
    weights, away = np.exp(beta * rows), rows * half[:, None]
    expected = [weights, weights * away, weights * away**2, weights**2, weights**3, weights**4]
    found = draws.sums(ALL, betas)[:, :, 0]
    for one, other, power in zip(found, expected, [1, 1, 1, 2, 3, 4], strict=True):
        lost = 6e-14 * np.exp(2 * power * beta) * np.abs(other).max(axis=1) * 50
        assert (np.abs(one - other.sum(axis=1)) <= lost).all()
    some = draws.sums(slice(1, 3), betas[1:3])[:, :, 0]
    assert_allclose(some, found[:, 1:3], rtol=1e-14)
    common = [draws.masses(ALL, betas[i : i + 1])[0, i, 0] for i in range(betas.size)]
    assert_allclose(common, found[0], rtol=1e-12)


def test_stretches_without_draws_have_no_sums() -> None:
    none = stretches(np.zeros(3), np.zeros((3, KNOWN)))
    assert not none.masses(ALL, np.array([0.0, 1.0])).any()
    assert not none.sums(ALL, np.array([0.0, 1.0, 1e9])).any()


def test_draws_alike_weigh_the_same() -> None:
    alike = stretches(np.zeros(1), np.array([[7.0, *[0.0] * (KNOWN - 1)]]))
    assert_allclose(alike.masses(ALL, np.array([0.0, 3.0, 1e9])), 7.0)


@pytest.mark.parametrize("runs", [[4096] * 5, [1000] * 3, [777], [5, 1, 900, 33]])
def test_powers_are_summed_over_each_run(runs: list[int]) -> None:
    rows, raising = [RNG.uniform(-1, 1, n) for n in runs], Raising(sum(runs) + 3)
    raising.distances(sum(runs))[:] = np.concatenate(rows)
    expected = [(row[:, None] ** np.arange(KNOWN)).sum(axis=0) for row in rows]
    assert_allclose(raising.sums(np.array(runs)), expected, rtol=1e-11, atol=1e-11)
