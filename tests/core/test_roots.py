"""Roots of increasing functions."""

from math import atan, cosh, expm1, inf, log, tanh

import pytest

from klimit.core.errors import ConvergenceError
from klimit.core.roots import Sample, increasing_root, log_quotient


@pytest.mark.parametrize("start", [1e-12, 1e-3, 1.0, 1e3, 1e12])
@pytest.mark.parametrize("root", [1e-9, 0.3, 7.0, 1e9])
def test_a_power_has_its_root_from_anywhere(root: float, start: float) -> None:
    def cube(x: float) -> Sample:
        return Sample((x / root) ** 3 - 1, 3 * (x / root) ** 3)

    found = increasing_root(cube, start=start)
    assert found == pytest.approx(root, rel=1e-14)


@pytest.mark.parametrize("start", [1e-3, 1.0, 200.0])
def test_flat_ends_do_not_lead_astray(start: float) -> None:
    found = increasing_root(
        lambda x: Sample(tanh(x - 5.0), x / cosh(min(x - 5.0, 300.0)) ** 2), start=start
    )
    assert found == pytest.approx(5.0, rel=1e-14)


def test_values_of_minus_infinity_only_say_too_small() -> None:
    def late(x: float) -> Sample:
        return Sample(log(x - 90.0) if x > 90.0 else -inf, x / (x - 90.0) if x > 90.0 else 0.0)

    assert increasing_root(late, start=1.0) == pytest.approx(91.0, rel=1e-14)


def test_a_wrong_slope_costs_time_and_does_not_stall() -> None:
    found = increasing_root(lambda x: Sample(atan(x - 2.0), 1e-3), start=1.0)
    assert found == pytest.approx(2.0, rel=1e-14)
    found = increasing_root(lambda x: Sample(expm1(x - 2.0), 100.0), start=1e-9)
    assert found == pytest.approx(2.0, rel=1e-13)


def test_a_function_without_a_root_is_reported_with_its_bracket() -> None:
    with pytest.raises(ConvergenceError, match="the last bracket is"):
        increasing_root(lambda x: Sample(-1.0 / (1.0 + x), 0.0), start=1.0)
    with pytest.raises(ConvergenceError, match="the last bracket is"):
        increasing_root(lambda x: Sample(1.0 + x, x), start=1.0)


def test_a_start_that_is_the_root_is_returned() -> None:
    assert increasing_root(lambda x: Sample(x - 2.0, x), start=2.0) == 2.0


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [(0.0, 1.0, -inf), (1.0, 0.0, inf), (1e-300, 1e300, -600 * log(10)), (3.0, 3.0, 0.0)],
)
def test_a_logarithm_of_a_quotient_has_its_limits(a: float, b: float, expected: float) -> None:
    assert log_quotient(a, b) == pytest.approx(expected, rel=1e-14)


def test_a_jump_through_zero_is_found_to_the_last_digit() -> None:
    found = increasing_root(lambda x: Sample(-1.0 if x < 7.25 else 1.0, 0.0), start=1.0)
    assert found == pytest.approx(7.25, rel=1e-15)
