"""The single-shot theory against fifty-digit arithmetic (tools/vectors.py)."""

import json
from math import isfinite
from pathlib import Path

import numpy as np
import pytest

from klimit import FiniteModel, best_of_n, frontier, tilt

CASES = json.loads((Path(__file__).parents[1] / "vectors" / "exact.json").read_text("utf-8"))
RTOL = 1e-10  # a tenth of what is promised
TINY = 1e-306  # below it floats themselves lose digits


def model_of(case: dict) -> FiniteModel:
    if "probs" in case:
        return FiniteModel.from_probs(case["probs"], case["rewards"])
    return FiniteModel(case["log_probs"], case["rewards"])


def scale_of(case: dict) -> float:
    return max(abs(r) for r in case["rewards"] if isfinite(r))


def queries(name: str) -> list:
    return [
        pytest.param(case, query, id=f"{case['name']}: {query['at']}")
        for case in CASES
        for query in case[name]
    ]


def check(case: dict, query: dict, result: object) -> None:
    """Every number agrees; a mean within rounding of the rewards it averages."""
    for name, text in query["is"].items():
        tolerance = max(RTOL, 8 * query["blur"].get(name, 0.0))
        floor = TINY
        if name in ("mean_reward", "cgf"):
            unit = abs(query["at"].get("beta", 0.0)) if name == "cgf" else 1.0
            floor = max(TINY, 4e-16 * scale_of(case) * (unit if isfinite(unit) else 0.0))
        np.testing.assert_allclose(
            getattr(result, name), float(text), rtol=tolerance, atol=floor, err_msg=name
        )


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
def test_floor_and_ceiling(case: dict) -> None:
    limits = frontier(model_of(case))
    for name, text in case["limits"].items():
        np.testing.assert_allclose(getattr(limits, name), float(text), rtol=RTOL)


@pytest.mark.parametrize(("case", "query"), queries("tilts"))
def test_tilts(case: dict, query: dict) -> None:
    check(case, query, tilt(model_of(case), beta=query["at"]["beta"]))


@pytest.mark.parametrize(("case", "query"), queries("at_budgets"))
def test_the_frontier_at_a_budget(case: dict, query: dict) -> None:
    check(case, query, frontier(model_of(case)).at_kl(query["at"]["kl"]))


@pytest.mark.parametrize(("case", "query"), queries("at_rewards"))
def test_the_frontier_at_a_reward(case: dict, query: dict) -> None:
    check(case, query, frontier(model_of(case)).at_reward(query["at"]["reward"]))


@pytest.mark.parametrize(("case", "query"), queries("best_ofs"))
def test_best_of_n(case: dict, query: dict) -> None:
    check(case, query, best_of_n(model_of(case), log_n=query["at"]["log_n"]))
