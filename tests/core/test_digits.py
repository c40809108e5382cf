"""Numbers are written with the digits that their errors support, whatever their size."""

import pytest

from klimit import Estimate
from klimit.core.digits import interval, measured


def estimate(value: float, error: float) -> Estimate:
    return Estimate(value, error, value - 2 * error, value + 2 * error, 0.95, 24, "t")


@pytest.mark.parametrize(
    ("value", "error", "text", "ends"),
    [
        (0.41237, 0.0131, "0.412 ± 0.013", "0.386 … 0.439"),
        (1234567.8, 12.3, "1234568 ± 12", "1234543 … 1234592"),
        (1.5, 1e-9, "1.5000 ± <0.0001", "1.5000 … 1.5000"),
        (0.0, 1e-9, "0.0e+00 ± 1.0e-09", "-2.0e-09 … 2.0e-09"),
        (-2.3e-6, 3e-7, "-2.30e-06 ± 3.00e-07", "-2.90e-06 … -1.70e-06"),
        (3e-19, 1e-19, "3.0e-19 ± 1.0e-19", "1.0e-19 … 5.0e-19"),
        (1e300, 1e297, "1.0000e+300 ± 1.0000e+297", "9.9800e+299 … 1.0020e+300"),
        (0.5, 0.0, "0.5 ± 0", "0.5 … 0.5"),
        (0.5, float("inf"), "0.5 ± inf", "-inf … inf"),
    ],
)
def test_numbers_of_all_sizes_are_told(
    value: float, error: float, text: str, ends: str
) -> None:
    assert measured(estimate(value, error)) == text
    assert interval(estimate(value, error)) == ends
