"""Results as text and as plain Python."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from klimit.core.results import Estimate, Result


def estimate(value: float, error: float) -> Estimate:
    return Estimate(value, error, value - error, value + error, 0.95, 10, "t")


@dataclass(frozen=True, slots=True)
class Whole(Result):
    name: str
    size: int
    ok: bool
    share: float
    reward: Estimate
    points: tuple[Estimate, ...]
    curve: np.ndarray
    last: np.float64
    by_name: dict[str, Estimate]


WHOLE = Whole(
    name="run",
    size=3,
    ok=True,
    share=1 / 3,
    reward=estimate(0.41237, 0.0131),
    points=(estimate(1.0, 0.5),),
    curve=np.array([1.0, np.inf]),
    last=np.float64(2.0),
    by_name={"a": estimate(2.0, 0.5)},
)


def test_an_error_beyond_the_digits_of_a_float_adds_no_digits() -> None:
    assert str(Estimate(1.0, 1e-33, 1.0, 1.0, 0.95, 9, "t")) == "1 ± 1.0e-33"


def test_a_result_in_a_line_leaves_arrays_and_nested_results_out() -> None:
    shown = "Whole(name=run, size=3, ok=True, share=0.333333, reward=0.412 ± 0.013, last=2)"
    assert str(WHOLE) == shown


def test_a_result_as_plain_python_keeps_every_field_in_order() -> None:
    plain = WHOLE.to_dict()
    assert list(plain) == [
        *("name", "size", "ok", "share", "reward", "points", "curve", "last", "by_name")
    ]
    assert plain["reward"] == estimate(0.41237, 0.0131).to_dict()
    assert plain["points"] == [estimate(1.0, 0.5).to_dict()]
    assert plain["curve"] == [1.0, np.inf]
    assert type(plain["last"]) is float
    assert plain["by_name"] == {"a": estimate(2.0, 0.5).to_dict()}
    json.dumps(plain)


@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [
        (0.41237, 0.0131, "0.412 ± 0.013"),
        (41237.0, 131.0, "41237 ± 131"),
        (1.5, 0.0, "1.5 ± 0"),
        (1.5, np.inf, "1.5 ± inf"),
        (1e-9, 2e-10, "0.00000000100 ± 0.00000000020"),
    ],
)
def test_an_estimate_has_the_digits_that_its_error_supports(
    value: float, error: float, shown: str
) -> None:
    assert str(estimate(value, error)) == shown


def test_what_is_no_dataclass_has_no_fields() -> None:
    assert Result().to_dict() == {}
    assert str(Result()) == "Result()"


@pytest.mark.parametrize(
    ("value", "standard_error", "shown"),
    [
        (-1.276e37, 1.609e36, "-1.28e+37 ± 1.6e+36"),
        (1e20, 3.21e22, "1e+20 ± 3.2e+22"),
        (0.0, 4.2e30, "0 ± 4.2e+30"),
        (123456.7, 8.9, "123456.7 ± 8.9"),
        (-3.3e14, 2e13, "-330000000000000 ± 20000000000000"),
    ],
)
def test_an_estimate_of_many_digits_has_an_exponent(
    value: float, standard_error: float, shown: str
) -> None:
    assert str(Estimate(value, standard_error, 0.0, 0.0, 0.95, 9, "t")) == shown
