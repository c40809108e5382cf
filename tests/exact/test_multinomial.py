"""Laws over types."""

import mpmath as mp
import numpy as np
import pytest

from klimit.exact.multinomial import merge_equal, type_sums
from tests.exact.fifty_digits import DIGITS, direct_sums, probabilities, relative_error


def normalised(probs: list[float]) -> np.ndarray:
    logs = np.log(np.array(probs, dtype=np.longdouble))
    return logs - np.log(np.exp(logs).sum())


def test_they_are_the_convolution_to_fifteen_digits() -> None:
    probs, index = [0.5, 1e-9, 0.2, 0.3 - 1e-9], [0, 2, 3, 7]
    sums, logs = merge_equal(*type_sums(normalised(probs), np.array(index), 12), blur=0.0)
    found = np.full(12 * 7 + 1, -np.inf)
    found[sums] = logs
    with mp.workdps(DIGITS):
        exact = direct_sums(probabilities(np.log(probs)), index, 12)
        assert relative_error(found, exact) < 1e-14


@pytest.mark.parametrize("heads", [0, 1, 63, 64, 65, 299_500, 300_000, 10**6 - 70, 10**6])
def test_a_million_coins_keep_their_digits(heads: int) -> None:
    logs = normalised([0.3, 0.7])
    sums, found = type_sums(logs, np.array([1, 0]), 10**6)
    with mp.workdps(DIGITS):
        p = mp.mpf(0.3) / (mp.mpf(0.3) + mp.mpf(0.7))
        ways = mp.loggamma(10**6 + 1) - mp.loggamma(heads + 1) - mp.loggamma(10**6 - heads + 1)
        exact = ways + heads * mp.log(p) + (10**6 - heads) * mp.log(1 - p)
        ours = mp.mpf(float(found[sums == heads][0]))
        assert abs(ours / exact - 1) < 1e-13


def test_equal_sums_of_floats_are_merged_within_rounding() -> None:
    sums = np.array([0.1 + 0.2, 1.0, 0.3])
    values, logs = merge_equal(sums, np.log([0.25, 0.5, 0.25]), blur=1e-15)
    np.testing.assert_allclose(values, [0.3, 1.0])
    np.testing.assert_allclose(logs, np.log([0.5, 0.5]), rtol=1e-15)
