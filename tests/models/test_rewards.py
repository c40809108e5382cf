"""Rewards are found by name, asked in batches, and never filled in."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from klimit.core.errors import InputError
from klimit.models.rewards.registry import Reward, RewardFunction, known_rewards, load_reward
from klimit.models.rewards.score import score

RESPONSES = [f"response {i}" for i in range(100)]
PROMPTS = ["prompt"] * len(RESPONSES)


def named(function: RewardFunction) -> Reward:
    return Reward("mine", "test", function)


def number(response: str) -> float:
    return float(response.removeprefix("response "))


def test_the_rewards_that_come_along_are_entry_points_of_klimit() -> None:
    assert known_rewards()["vader"].startswith("klimit ")
    assert known_rewards()["length"].startswith("klimit ")


def test_a_function_of_the_current_folder_is_a_reward(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    (tmp_path / "own_reward.py").write_text(
        "def shout(prompts, responses):\n    return [float(r.isupper()) for r in responses]\n",
        encoding="utf-8",
    )
    reward = load_reward("own_reward:shout")
    assert list(reward.function(["a", "a"], ["YES", "no"])) == [1.0, 0.0]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sentimint", r"there is no reward 'sentimint'; known are length, vader"),
        ("no_such_module:f", r"importing no_such_module failed with ModuleNotFoundError"),
        ("math:pi", r"math must have a function pi\(prompts, responses\)"),
        (":f", r"there is no reward ':f'"),
    ],
)
def test_an_unknown_reward_is_refused_in_one_line(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as refused:
        load_reward(name)
    assert "\n" not in str(refused.value)


def test_every_response_is_scored_once_and_in_order() -> None:
    seen: list[str] = []

    def reward(prompts: Sequence[str], responses: Sequence[str]) -> list[float]:
        seen.extend(responses)
        return [number(response) for response in responses]

    done: list[int] = []
    scores = score(
        named(reward), prompts=PROMPTS, responses=RESPONSES, batch=32, on_progress=done.append
    )
    np.testing.assert_array_equal(scores.rewards, np.arange(100.0))
    assert seen == RESPONSES
    assert done == [32, 64, 96, 100]
    assert scores.missing == 0


def test_a_response_at_which_the_reward_raises_loses_no_other() -> None:
    def reward(prompts: Sequence[str], responses: Sequence[str]) -> list[float]:
        if "response 41" in responses or "response 77" in responses:
            raise RuntimeError("cannot read it")
        return [number(response) for response in responses]

    scores = score(named(reward), prompts=PROMPTS, responses=RESPONSES)
    assert np.flatnonzero(np.isnan(scores.rewards)).tolist() == [41, 77]
    assert scores.problems == {"it raised RuntimeError: cannot read it": 2}
    assert str(scores) == "98 of 100 scored (2: it raised RuntimeError: cannot read it)"


def test_values_that_are_not_numbers_are_missing_and_counted() -> None:
    def reward(prompts: Sequence[str], responses: Sequence[str]) -> list[float]:
        special = {3.0: float("nan"), 5.0: float("inf"), 7.0: float("nan")}
        return [special.get(number(r), number(r)) for r in responses]

    scores = score(named(reward), prompts=PROMPTS, responses=RESPONSES)
    assert np.flatnonzero(np.isnan(scores.rewards)).tolist() == [3, 5, 7]
    assert scores.problems == {"it returned nan": 2, "it returned inf": 1}


def test_too_few_values_never_shift_to_other_responses() -> None:
    def reward(prompts: Sequence[str], responses: Sequence[str]) -> list[float]:
        return [number(r) for r in responses if r != "response 10"]

    scores = score(named(reward), prompts=PROMPTS, responses=RESPONSES)
    assert np.flatnonzero(np.isnan(scores.rewards)).tolist() == [10]
    np.testing.assert_array_equal(scores.rewards[11:], np.arange(11.0, 100.0))


def test_an_interrupt_is_not_swallowed() -> None:
    def reward(prompts: Sequence[str], responses: Sequence[str]) -> list[float]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score(named(reward), prompts=PROMPTS, responses=RESPONSES)


def test_prompts_and_responses_must_pair_up() -> None:
    with pytest.raises(InputError, match="as many prompts as responses, got 1 and 2"):
        score(load_reward("length"), prompts=["a"], responses=["x", "y"])
