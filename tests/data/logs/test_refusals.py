"""What readers of other tools' logs refuse, each in one line that says what to do."""

import json
from pathlib import Path

import polars as pl
import pytest

from klimit import InputError, read_draws
from klimit.data.logs.metrics import metric_records
from klimit.data.tables.content import read_content


def saved(folder: Path, state: object) -> Path:
    folder.mkdir()
    (folder / "dataset_info.json").write_text("{}")
    (folder / "state.json").write_text(
        state if isinstance(state, str) else json.dumps(state), encoding="utf-8"
    )
    return folder


def test_a_folder_that_is_no_data_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"save_to_disk wrote, got a folder without state.json"
    ):
        read_draws(tmp_path, format="datasets")


def test_a_data_set_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needed draws, got a data set without data files"):
        read_draws(saved(tmp_path / "set", {"_data_files": []}))


def test_a_data_set_with_a_damaged_state_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"state.json: needed JSON, .*; save the data set again"
    ):
        read_draws(saved(tmp_path / "set", "{"))


@pytest.mark.parametrize(
    ("splits", "told"),
    [(["train"], "3 draws"), (["train", "test"], "needed one split, got .*; name one, ")],
)
def test_the_only_split_of_a_data_set_needs_no_name(
    tmp_path: Path, splits: list[str], told: str
) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "dataset_dict.json").write_text(json.dumps({"splits": splits}))
    part = saved(folder / "train", {"_data_files": [{"filename": "data.arrow"}]})
    pl.DataFrame({"prompt": ["a", "a", "b"], "reward": [0.0, 1.0, 2.0]}).write_ipc(
        part / "data.arrow"
    )
    if len(splits) == 1:
        assert told in str(read_draws(folder))
    else:
        with pytest.raises(InputError, match=told):
            read_draws(folder)


def test_a_table_of_the_data_sets_format_may_hold_one_draw_a_row(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"prompt":"a","reward":1}\n{"prompt":"b","reward":2}\n')
    assert read_draws(path, format="datasets").rewards.tolist() == [1.0, 2.0]


def test_lists_of_responses_need_lists_of_rewards_beside_them(tmp_path: Path) -> None:
    rows = {"prompt": ["a", "b"], "responses": [["x", "y"], ["z"]], "rewards": [[1.0], [2.0]]}
    path = tmp_path / "lists.parquet"
    pl.DataFrame(rows).write_parquet(path)
    with pytest.raises(
        InputError, match="row 1: needed as many entries in 'responses' as in 're"
    ):
        read_draws(path, format="datasets")


def test_lists_of_rewards_need_no_lists_of_responses_beside_them(tmp_path: Path) -> None:
    rows = {"prompt": ["a", "b"], "rewards": [[1.0, 3.0], [2.0]]}
    path = tmp_path / "lists.parquet"
    pl.DataFrame(rows).write_parquet(path)
    found = read_draws(path, format="datasets")
    assert (found.rewards.tolist(), found.texts) == ([1.0, 3.0, 2.0], None)


def test_a_folder_without_the_files_of_its_tool_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"needed a file samples_\*.jsonl, the folder has none"
    ):
        read_draws(tmp_path, format="lm_eval")
    for name in ("samples_a.jsonl", "samples_b.jsonl"):
        (tmp_path / name).write_text("{}\n")
    with pytest.raises(
        InputError, match=r"the folder has 2, one a task; name one, .*samples_b"
    ):
        read_draws(tmp_path, format="lm_eval")


def test_samples_of_lm_eval_are_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "samples.csv"
    path.write_text("doc_id,target\n1,2\n")
    with pytest.raises(InputError, match="needed JSON lines that --log_samples writes"):
        read_draws(path, format="lm_eval")


def sample(**changes: object) -> dict[str, object]:
    return {
        "doc_id": 0,
        "target": "4",
        "arguments": {"gen_args_0": {"arg_0": "2 + 2"}},
        "resps": [["4", "5"]],
        "filtered_resps": [["4", "5"]],
        "metrics": ["exact_match"],
        "exact_match": [1.0, 0.0],
        **changes,
    }


def test_arguments_of_an_unknown_form_are_the_prompt_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "samples_a.jsonl"
    path.write_text(json.dumps(sample(arguments={"odd": "2 + 2"})) + "\n")
    draws = read_draws(path, format="lm_eval", reward="exact_match")
    assert draws.prompts == ("{'odd': '2 + 2'}",)
    assert draws.rewards.tolist() == [1.0, 0.0]


def test_samples_without_a_metric_have_no_reward(tmp_path: Path) -> None:
    path = tmp_path / "samples_a.jsonl"
    path.write_text(json.dumps(sample(metrics=[])) + "\n")
    with pytest.raises(InputError, match="needed the reward of each draw, got no metrics"):
        read_draws(path, format="lm_eval")


def test_a_log_of_inspect_is_named_by_a_path() -> None:
    with pytest.raises(InputError, match="needed the path of a log of inspect_ai, got 7"):
        read_draws(7, format="inspect_ai")


@pytest.mark.parametrize("name", ["a\0.parquet", "a" * 5000])
def test_a_name_that_no_system_allows_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot be read: "):
        read_draws(name)


def test_a_log_of_lm_eval_without_samples_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "samples_a.json"
    path.write_text("[]")
    with pytest.raises(InputError, match="needed at least one sample, got none"):
        read_draws(path, format="lm_eval")


@pytest.mark.parametrize("content", ["{\n", "[1\n", "\n {} {}\n"])
def test_a_log_that_is_broken_from_its_first_line_is_refused(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(content)
    with pytest.raises(
        InputError, match="needed the state or the log of a trainer, got broken"
    ):
        metric_records(read_content(str(path)))
