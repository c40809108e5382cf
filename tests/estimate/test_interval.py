"""Intervals that lean to where skewness says that the truth lies."""

import mpmath
import pytest

from klimit.estimate.interval import untransformed


@pytest.mark.parametrize("skewness", [1e-20, 1e-9, -1e-6, 0.2, -1.5, 1.5, 3.0])
@pytest.mark.parametrize("quantile", [-12.7, -1.96, 0.1, 4.3, 63.0])
def test_halls_transformation_is_undone_to_the_last_digits(
    quantile: float, skewness: float
) -> None:
    found = mpmath.mpf(untransformed(quantile, skewness))
    with mpmath.workdps(50):
        # the cubic of which the studentised value is the root
        again = found + skewness * found**2 / 3 + skewness**2 * found**3 / 27 + skewness / 6
        assert float(again) == pytest.approx(quantile, rel=1e-14, abs=1e-15)


def test_without_skewness_an_interval_does_not_lean() -> None:
    assert untransformed(1.96, 0.0) == 1.96
