"""Tests of how the tail of the rewards is told: its terms, shape and the bias's decay."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from klimit.estimate.frontier.tails import tail_decay, tail_shape, tail_terms

ROWS = st.lists(
    st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=60), min_size=1, max_size=6
)


@given(ROWS)
def test_terms_are_those_of_the_rewards_above_the_threshold(rows: list[list[float]]) -> None:
    rising = [np.sort(row) for row in rows]
    found = tail_terms(np.concatenate(rising), np.array([row.size for row in rising]))
    for row, terms in zip(rising, found.T, strict=True):
        size = int(min(0.2 * row.size, 3 * row.size**0.5))
        excess = row[row.size - size :] - row[row.size - size - 1]
        if row[-1] == row[row.size - size - 1]:
            assert terms.tolist() == [0.0, -np.inf]
        elif size < 4:
            assert np.isnan(terms).all()
        elif (excess == excess[0]).all():
            assert terms.tolist() == [excess[0], -np.inf]
        else:
            squared = excess.mean() ** 2 / (excess**2).mean()
            assert_allclose(terms, [excess.mean(), 1 - 0.5 / (1 - squared)])


def test_exponential_rewards_have_weights_of_the_pareto_shape_beta() -> None:
    quantiles = -np.log1p(-(np.arange(100_000) + 0.5) / 100_000)
    tails = tail_terms(quantiles, np.array([quantiles.size]))
    for beta in (0.3, 0.8, 2.0):
        assert_allclose(tail_shape(tails, beta=np.array([beta])), beta, atol=0.02)


def test_uniform_rewards_have_a_bounded_tail_and_a_bias_that_falls_at_once() -> None:
    tails = tail_terms(np.linspace(0, 1, 100_000), np.array([100_000]))
    assert_allclose(tail_shape(tails, beta=np.array([0.01])), -1.0, atol=0.02)
    assert tail_decay(tails, beta=0.01) == np.inf


@pytest.mark.parametrize("reward", [0.1, 1 / 3, 1.0, 1e9 + 0.1, 1e-300])
def test_largest_rewards_that_are_equal_are_bounded_whatever_rounding_makes_of_them(
    reward: float,
) -> None:
    row = np.sort(np.append(np.zeros(80), np.full(20, reward)))
    tails = tail_terms(row, np.array([100]))
    assert tail_shape(tails, beta=np.ones(1)).tolist() == [-1.0]
