"""Other tools' logs, read by name: files that the tools wrote, and what is refused in one line.

Each file in ``files`` was written by the tool itself, run by a script in ``tools/logs``.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import polars as pl
import pytest

from klimit import InputError, KlimitError, read_draws
from klimit.core.errors import MissingExtraError

FILES = Path(__file__).parent / "files"
Write = Callable[[str, list[dict[str, object]]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, rows: list[dict[str, object]]) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    return write


def test_trl_completions_are_draws_of_the_reward_function_named() -> None:
    draws = read_draws(FILES / "trl_completions.parquet", format="trl", reward="vowels")
    assert draws.prompts == ("good day", "hello")
    assert draws.counts.tolist() == [8, 8]
    assert set(draws.columns) == {"brevity", "advantage"}
    assert draws.texts is not None
    counted = [sum(c in "aeiou" for c in text) / 8 for text in draws.texts]
    assert draws.rewards.tolist() == counted


def test_trl_rewards_are_asked_for_by_name() -> None:
    with pytest.raises(InputError, match=r"has the reward functions 'vowels', 'brevity'; name"):
        read_draws(FILES / "trl_completions.parquet", format="trl")
    with pytest.raises(InputError, match=r"needed the reward 'helpful', the log has the rewar"):
        read_draws(FILES / "trl_completions.parquet", format="trl", reward="helpful")


def test_the_only_reward_function_needs_no_name_and_conversations_become_text() -> None:
    table = pl.DataFrame(
        {
            "step": [1, 1],
            "prompt": [[{"role": "user", "content": "hi"}]] * 2,
            "completion": [[{"role": "assistant", "content": text}] for text in ("a", "b")],
            "accuracy": [1.0, 0.0],
            "advantage": [0.7, -0.7],
        }
    )
    draws = read_draws(table, format="trl")
    assert draws.prompts == ('[{"role":"user","content":"hi"}]',)
    assert draws.rewards.tolist() == [1.0, 0.0]
    assert list(draws.texts or ()) == ["a", "b"]


def test_steps_are_different_policies(tmp_path: Path) -> None:
    one = pl.read_parquet(FILES / "trl_completions.parquet")
    both = pl.concat([one, one.with_columns(step=pl.lit(4, pl.Int64))])
    with pytest.raises(InputError, match=r"column 'step': needed draws of one policy, got 2"):
        read_draws(both, format="trl", reward="vowels")
    assert len(read_draws(both, format="trl", reward="vowels", policy="4")) == 16
    for step in (9, 10):
        rows = one.with_columns(step=pl.lit(step, pl.Int64))
        rows.write_parquet(tmp_path / f"completions_{step:05d}.parquet")
    with pytest.raises(InputError, match=r"the folder has 2, one a step, .*10.parquet' say"):
        read_draws(tmp_path, format="trl", reward="vowels")
    assert len(read_draws(tmp_path, format="trl", reward="vowels", policy="10")) == 16
    (tmp_path / "completions_00009.parquet").unlink()
    assert len(read_draws(tmp_path, format="trl", reward="vowels")) == 16


def test_repeats_of_lm_eval_are_draws() -> None:
    draws = read_draws(FILES / "samples_repeated.jsonl", format="lm_eval")
    assert draws.prompts == ("2 + 2 =", "Capital of France:", "Opposite of hot:")
    assert draws.rewards.tolist() == [1, 0, 1, 1, 1, 0, 0, 1, 0, 0, 0, 1]
    assert draws.column("draw").tolist() == [0, 1, 2, 3] * 3
    assert list(draws.texts or ())[:4] == ["4", "5", "4", " 4"]
    matched = read_draws(FILES / "samples_repeated.jsonl", format="lm_eval", reward="match")
    assert matched.rewards.tolist() == draws.rewards.tolist()
    assert "correct" in matched.columns


def test_a_single_repeat_of_lm_eval_has_its_metric() -> None:
    draws = read_draws(FILES / "samples_single.jsonl", format="lm_eval")
    assert draws.counts.tolist() == [1, 1, 1]
    assert draws.rewards.tolist() == [1, 1, 0]


def sample(**changes: object) -> dict[str, object]:
    return {
        "doc_id": 0,
        "target": "4",
        "arguments": [["2 + 2 =", {}]],
        "resps": [["4", "5"]],
        "filtered_resps": ["4"],
        "filter": "strict",
        "metrics": ["exact_match"],
        "exact_match": 1.0,
    } | changes


@pytest.mark.parametrize(
    ("rows", "reward", "told"),
    [
        (
            [sample()],
            "reward",
            "needed a value for each of the 2 repeats, got one for all, 1.0",
        ),
        (
            [sample()],
            "match",
            "the filter 'strict' keeps fewer; end it with take_first_k, k = 2",
        ),
        ([sample(), sample(filter="loose")], "reward", "of one filter, got 'strict', 'loose'"),
        (
            [sample(resps=[[["-1.5", "False"]]])],
            "reward",
            "multiple-choice tasks have no draws",
        ),
    ],
)
def test_samples_without_a_reward_a_draw_are_refused(
    rows: list[dict[str, object]], reward: str, told: str, write: Write
) -> None:
    with pytest.raises(InputError) as caught:
        read_draws(write("samples.jsonl", rows), format="lm_eval", reward=reward)
    assert told in str(caught.value)


def test_one_filter_of_several_is_taken_by_name(write: Write) -> None:
    rows = [
        sample(resps=[["4"]]),
        sample(resps=[["4"]], filter="loose", exact_match=0.0),
    ]
    path = write("samples.jsonl", rows)
    assert read_draws(path, format="lm_eval", policy="loose").rewards.tolist() == [0.0]
    with pytest.raises(InputError, match="needed the filter 'other'"):
        read_draws(path, format="lm_eval", policy="other")


def test_the_target_is_matched_in_raw_responses_where_nothing_filters(write: Write) -> None:
    path = write("samples.jsonl", [sample(filter="none")])
    draws = read_draws(path, format="lm_eval", reward="match")
    assert draws.rewards.tolist() == [1.0, 0.0]


def test_lists_of_a_data_set_on_disk_are_draws_told_by_its_folder() -> None:
    draws = read_draws(FILES / "dataset")
    assert draws.prompts == ("2 + 2 =", "The capital of France is", "Opposite of hot:")
    assert draws.counts.tolist() == [3, 2, 4]
    assert draws.rewards.tolist() == [1.0, 0.0, 0.75, 0.5, -0.25, 1.0, 0.0, 0.25, 0.5]
    assert draws.column("gold").tolist() == [1, 0, 1, 1, 0, 1, 0, 0, 0]
    assert list(draws.texts or ())[3:5] == ["Paris", "Lyon"]
    assert read_draws(FILES / "dataset", reward="gold").rewards.sum() == 4
    assert len(read_draws(FILES / "dataset_splits" / "test")) == 3


def test_a_split_is_asked_for_by_name() -> None:
    with pytest.raises(
        InputError, match=r"needed one split, got '.*train', '.*test'; name one"
    ):
        read_draws(FILES / "dataset_splits")


def test_lists_of_a_parquet_file_are_draws_too_and_rows_stay_those_of_the_file(
    tmp_path: Path,
) -> None:
    table = pl.DataFrame(
        {"prompt": ["a", "b"], "response": [["x"], ["y", "z"]], "scores": [[0.5], [1.0, None]]}
    )
    path = tmp_path / "lists.parquet"
    table.write_parquet(path)
    with pytest.raises(InputError, match=r"row 2, column 'scores': needed a number, got noth"):
        read_draws(path, format="datasets")
    with pytest.warns(match="left out 1 of 3 draws"):
        draws = read_draws(path, format="datasets", missing="drop")
    assert list(draws.texts or ()) == ["x", "y"]


def test_a_prompt_without_draws_is_missing_its_reward_and_rows_still_count() -> None:
    table = pl.DataFrame(
        {
            "prompt": ["a", "b", "c"],
            "response": [[], ["x"], ["y"]],
            "reward": [[], [1.0], [2.0]],
        }
    )
    with pytest.raises(InputError, match=r"row 1, column 'reward': .*1 of 3 are miss"):
        read_draws(table, format="datasets")
    infinite = table.with_columns(reward=pl.Series([[], [1.0], [float("inf")]]))
    with pytest.raises(InputError, match=r"row 3, column 'reward': needed a finite number"):
        read_draws(infinite, format="datasets", missing="drop")


def test_lists_of_different_lengths_are_refused_with_the_row() -> None:
    table = pl.DataFrame({"prompt": ["a", "b"], "outputs": [["x"], []], "reward": [[1], [2]]})
    with pytest.raises(
        InputError, match=r"row 2: needed as many entries in 'outputs' as in 're"
    ):
        read_draws(table, format="datasets")


def stand_in() -> ModuleType:
    """The part of inspect_ai's reader that is used, for its logs in JSON."""

    def read_eval_log(path: str) -> SimpleNamespace:
        log = json.loads(
            Path(path).read_text(), object_hook=lambda fields: SimpleNamespace(**fields)
        )
        for sample in log.samples:
            sample.scores = vars(sample.scores)
            for score in sample.scores.values():
                if isinstance(score.value, SimpleNamespace):
                    score.value = vars(score.value)
            for choice in sample.output.choices[:1]:
                sample.output.completion = choice.message.content
                sample.output.stop_reason = choice.stop_reason
        return SimpleNamespace(samples=log.samples)

    module = ModuleType("inspect_ai.log")
    module.__dict__["read_eval_log"] = read_eval_log
    return module


@pytest.fixture
def inspect_log(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log in JSON with a stand-in for its reader; test_inspect_ai.py has the real one."""
    monkeypatch.setitem(sys.modules, "inspect_ai", ModuleType("inspect_ai"))
    monkeypatch.setitem(sys.modules, "inspect_ai.log", stand_in())
    return FILES / "inspect.json"


def test_epochs_of_inspect_are_draws(inspect_log: Path) -> None:
    draws = read_draws(inspect_log, format="inspect_ai", reward="match")
    assert draws.prompts == ("2 + 2 =", "The capital of France is", "Opposite of hot:")
    assert draws.rewards.reshape(3, 4).sum(axis=1).tolist() == [3, 2, 2]
    assert sorted(draws.column("draw")[:4]) == [1, 2, 3, 4]
    assert set(draws.columns) == {"brevity", "draw", "tokens", "finished"}
    assert draws.column("finished").all()
    assert draws.texts is not None
    lengths = np.array([len(text) for text in draws.texts])
    assert draws.column("brevity") == pytest.approx(1 / (1 + lengths))


def test_scorers_of_inspect_are_asked_for_by_name(inspect_log: Path) -> None:
    with pytest.raises(
        InputError, match=r"the log has the scorers 'match', 'brevity'; name on"
    ):
        read_draws(inspect_log, format="inspect_ai")


def test_values_of_every_kind_and_missing_ones_keep_their_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "inspect_ai", ModuleType("inspect_ai"))
    monkeypatch.setitem(sys.modules, "inspect_ai.log", stand_in())
    log = json.loads((FILES / "inspect.json").read_text())
    values: list[object] = ["C", "P", "I", "N", "yes", "False", "0.25", True, 2, 0.5]
    for sample, value in zip(log["samples"], values, strict=False):
        sample["scores"] = {"judge": {"value": value}}
    log["samples"][0]["scores"] = {}
    log["samples"][0]["output"] |= {"choices": [], "completion": ""}  # it failed
    log["samples"][10]["scores"] = {"parts": {"value": {"style": 1, "facts": "C"}}}
    log["samples"][11]["scores"] = {}
    path = tmp_path / "log.json"
    path.write_text(json.dumps(log))
    with pytest.raises(InputError, match=r"the scorers 'judge', 'parts/style', 'parts/facts'"):
        read_draws(path, format="inspect_ai")
    with pytest.raises(InputError, match=r"row 1, column 'judge': .*3 of 12 are miss"):
        read_draws(path, format="inspect_ai", reward="judge")
    with pytest.warns(match="left out 3 of 12"):
        draws = read_draws(path, format="inspect_ai", reward="judge", missing="drop")
    rewards = {
        (prompt, draw): reward
        for i, prompt in enumerate(draws.prompts)
        for draw, reward in zip(
            draws.column("draw")[draws.offsets[i] : draws.offsets[i + 1]],
            draws.rewards[draws.offsets[i] : draws.offsets[i + 1]],
            strict=True,
        )
    }
    numbers = [0.5, 0.0, 0.0, 1.0, 0.0, 0.25, 1.0, 2.0, 0.5]
    expected = {
        (sample["input"], sample["epoch"]): number
        for sample, number in zip(log["samples"][1:10], numbers, strict=True)
    }
    assert rewards == expected
    log["samples"][1]["scores"] = {"judge": {"value": "rather good"}}
    path.write_text(json.dumps(log))
    with pytest.raises(InputError, match=r"row 2, column 'judge': needed a number, got the te"):
        read_draws(path, format="inspect_ai", reward="judge")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("no log", r"log.json: needed a log of inspect_ai, got none \(Expecting value"),
        ('{"samples": []}', r"log.json: needed samples, the log has none \(was it run to"),
    ],
)
def test_a_log_of_inspect_that_holds_nothing_is_refused(
    content: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "inspect_ai", ModuleType("inspect_ai"))
    monkeypatch.setitem(sys.modules, "inspect_ai.log", stand_in())
    path = tmp_path / "log.json"
    path.write_text(content)
    with pytest.raises(InputError, match=told):
        read_draws(path, format="inspect_ai")


def test_a_conversation_in_a_log_of_inspect_is_the_text_of_its_messages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "inspect_ai", ModuleType("inspect_ai"))
    monkeypatch.setitem(sys.modules, "inspect_ai.log", stand_in())
    log = json.loads((FILES / "inspect.json").read_text())
    for sample in log["samples"]:
        sample["input"] = [{"text": "Be brief."}, {"text": sample["input"]}]
    path = tmp_path / "log.json"
    path.write_text(json.dumps(log))
    draws = read_draws(path, format="inspect_ai", reward="match", columns=())
    assert draws.prompts[0] == "Be brief.\n2 + 2 ="


def test_inspect_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "inspect_ai.log", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'klimit\[inspect\]'"):
        read_draws(FILES / "inspect.eval")


def test_formats_go_by_several_names_and_unknown_ones_are_refused() -> None:
    for name in ("lm-eval", "lm_eval", "LM-Evaluation-Harness"):
        assert len(read_draws(FILES / "samples_single.jsonl", format=name)) == 3
    with pytest.raises(InputError, match=r"got 'trll'; did you mean 'trl'\?"):
        read_draws(FILES / "trl_completions.parquet", format="trll")


def test_completions_of_older_trl_are_read(write: Write) -> None:
    row: dict[str, object] = {"step": 1, "prompt": "a", "completion": "b", "reward": 0.5}
    assert read_draws(write("old.jsonl", [row]), format="trl").rewards.tolist() == [0.5]


@pytest.mark.parametrize("name", ["trl", "verl", "openrlhf", "lm_eval"])
def test_another_tools_log_is_refused_in_one_line(name: str) -> None:
    wrong = "openrlhf/scored.jsonl" if name != "openrlhf" else "samples_single.jsonl"
    with pytest.raises(KlimitError, match="needed") as caught:
        read_draws(FILES / wrong, format=name)
    assert "\n" not in str(caught.value)
