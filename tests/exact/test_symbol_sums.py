"""Laws of lattice sums, by polynomials and by windows of tilts."""

import mpmath as mp
import numpy as np
import pytest

from klimit.exact.power_series import lowest_sums
from klimit.exact.symbol_sums import SymbolSum, symbol_law
from klimit.exact.windows import window_law
from tests.exact import fifty_digits
from tests.exact.fifty_digits import DIGITS, probabilities, relative_error


def normalised(probs: list[float]) -> np.ndarray:
    logs = np.log(np.array(probs, dtype=np.longdouble))
    return logs - np.log(np.exp(logs).sum())


@pytest.mark.parametrize("length", [1, 2, 5, 9])
def test_polynomials_agree_with_convolution(length: int) -> None:
    probs, index = [0.5, 1e-30, 0.3, 0.2], [0, 3, 4, 11]
    found = symbol_law(normalised(probs), np.array(index), length).logs
    with mp.workdps(DIGITS):
        exact = fifty_digits.direct_sums(probabilities(np.log(probs)), index, length)
        assert relative_error(found, exact) < 1e-14


@pytest.mark.parametrize(
    ("probs", "index"),
    [
        ([0.5, 0.3, 0.2], [0, 1, 3]),
        ([0.9, 0.1 - 1e-6, 1e-6], [0, 1, 2]),
        ([1e-3, 0.3, 0.2, 0.499], [0, 2, 3, 7]),
    ],
)
def test_windows_agree_with_polynomials(probs: list[float], index: list[int]) -> None:
    log_p, places = normalised(probs), np.array(index)
    law = symbol_law(log_p, places, 1000).logs  # short enough for polynomials alone
    first, last = 64, law.size - 65
    found = window_law(SymbolSum(log_p, places, 1000), first=first, last=last).logs
    np.testing.assert_allclose(found, law[first : last + 1], rtol=1e-12)


def test_windows_agree_with_fifty_digits_far_into_the_tail() -> None:
    probs, index, length = [0.5, 0.3, 0.2], [0, 1, 3], 20_000
    places = [1030, 3000, 11_000, 17_999, 18_500, 40_000, 58_900]
    law = symbol_law(normalised(probs), np.array(index), length).logs
    assert law[58_900] < -29_000
    with mp.workdps(DIGITS):
        p = probabilities(np.log(probs))
        for s in places:
            triples = range(max(0, -(-(s - length) // 2)), s // 3 + 1)
            terms = mp.fsum(
                mp.exp(
                    mp.loggamma(length + 1)
                    - mp.loggamma(b + 1)
                    - mp.loggamma(s - 3 * b + 1)
                    - mp.loggamma(length - s + 2 * b + 1)
                    + b * mp.log(p[2])
                    + (s - 3 * b) * mp.log(p[1])
                    + (length - s + 2 * b) * mp.log(p[0])
                )
                for b in triples
            )
            assert abs(mp.mpf(float(law[s])) / mp.log(terms) - 1) < 1e-12


def test_what_no_sum_reaches_is_impossible() -> None:
    law = symbol_law(normalised([0.5, 0.3, 0.2]), np.array([0, 5, 7]), 4000).logs
    holes = [s for s in range(24) if not any((s - 7 * b) % 5 == 0 for b in range(s // 7 + 1))]
    np.testing.assert_array_equal(np.flatnonzero(law[:1000] == -np.inf), holes)
    assert np.all(law[1000:-1000] > -np.inf)


def test_the_ends_of_a_long_sum_do_not_underflow() -> None:
    found = lowest_sums(normalised([0.7, 0.3]), np.array([0, 1]), 10**6, size=1000)
    with mp.workdps(DIGITS):
        p = probabilities(np.log([0.7, 0.3]))
        exact = [mp.binomial(10**6, s) * p[1] ** s * p[0] ** (10**6 - s) for s in range(1000)]
        assert relative_error(found, exact) < 1e-13
