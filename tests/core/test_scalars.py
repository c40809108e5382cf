"""Numbers that users pass."""

from math import inf, log, nan

import numpy as np
import pytest

from klimit.core.errors import InputError
from klimit.core.scalars import count, log_count, real


@pytest.mark.parametrize("value", [1, 1.0, np.float32(1), np.int8(1), np.array(1.0)])
def test_a_number_of_any_kind_is_a_float(value: object) -> None:
    assert real("x", value) == 1.0
    assert isinstance(real("x", value), float)


@pytest.mark.parametrize("value", [True, np.True_, "1", None, 1j, np.ones(2), nan, 10**400])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(InputError, match="x must"):
        real("x", value)


def test_infinities_are_numbers() -> None:
    assert real("x", -inf) == -inf


@pytest.mark.parametrize("value", [2**70, np.uint8(4)])
def test_counts_are_integers(value: object) -> None:
    assert count("n", value) == value


@pytest.mark.parametrize("value", [True, np.True_, 2.0, "2", None, 0, -3])
def test_what_is_no_count_is_refused(value: object) -> None:
    with pytest.raises(InputError, match="n must be"):
        count("n", value)


def test_the_logarithm_of_a_count_never_forms_its_float() -> None:
    assert log_count(10**5000, None) == pytest.approx(5000 * log(10), rel=1e-15)
    assert log_count(1, None) == 0.0
    assert log_count(None, 1e6) == 1e6


@pytest.mark.parametrize(
    ("n", "log_n", "told"),
    [
        (None, None, "as n or as log_n, one of the two"),
        (2, 1.0, "as n or as log_n, one of the two"),
        (2.0, None, "n must be an integer, got 2.0; use log_n for other numbers"),
        (None, -1.0, "log_n must be nonnegative and finite, got -1.0"),
        (None, inf, "log_n must be nonnegative and finite, got inf"),
    ],
)
def test_a_number_of_draws_is_given_once_and_in_range(
    n: object, log_n: object, told: str
) -> None:
    with pytest.raises(InputError, match=told):
        log_count(n, log_n)
