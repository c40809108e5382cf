"""Rewards on a lattice, as floats give them."""

from fractions import Fraction

import numpy as np
import pytest

from klimit.exact.lattices import find_lattice

MANY = 10**7


@pytest.mark.parametrize(
    ("rewards", "span", "index"),
    [
        ([0.1, 0.2, 0.3], 0.1, [0, 1, 2]),
        ([0.1 + 0.2, 0.3, 0.1], 0.2, [1, 1, 0]),
        ([-0.1, 0.0, 0.7], 0.1, [0, 1, 8]),
        ([-1 / 3, 2 / 3, 0.5], 1 / 6, [0, 6, 5]),
        ([0.37, -1.42, 2.5], 0.01, [179, 0, 392]),
        ([1e9 + 0.1, 1e9, 1e9 + 0.3], 0.1, [1, 0, 3]),
        ([1e9, 1e9 + 2.0**-20, 1e9 + 2.0**-18], 2.0**-20, [0, 1, 4]),
        ([0.0, np.log(2), np.log(8)], np.log(2), [0, 1, 3]),
        ([0.0, 1e300, 3e300], 1e300, [0, 1, 3]),
        ([1e-300, 3e-300], 2e-300, [0, 1]),
        ([5.0, 5.0], 0.0, [0, 0]),
        ([0.0, 1.0, 100_003.0], 1.0, [0, 1, 100_003]),
    ],
)
def test_it_is_found(rewards: list[float], span: float, index: list[int]) -> None:
    found = find_lattice(np.array(rewards), most=MANY)
    assert found is not None
    assert float(found.span) == pytest.approx(span, rel=1e-12)
    np.testing.assert_array_equal(found.index, index)


@pytest.mark.parametrize(
    "rewards", [[0.0, 1.0, 1.0 + np.sqrt(2.0)], [0.0, 1.0, np.pi], [0.0, np.e, np.pi]]
)
def test_irrational_ratios_have_none(rewards: list[float]) -> None:
    assert find_lattice(np.array(rewards), most=MANY) is None


def test_random_floats_have_none() -> None:
    rewards = np.random.default_rng(0).normal(size=(300, 3))
    assert all(find_lattice(row, most=MANY) is None for row in rewards)


def test_a_lattice_of_too_many_steps_is_none() -> None:
    assert find_lattice(np.array([0.0, 1.0, 1001.0]), most=1000) is None


def test_sums_are_the_floats_that_one_would_type() -> None:
    found = find_lattice(np.array([0.1, 0.2, 0.4]), most=MANY)
    assert found is not None
    assert found.base == Fraction(1, 10)
    np.testing.assert_array_equal(
        found.sums(7, np.arange(15)), [float(Fraction(x, 10)) for x in range(7, 22)]
    )
