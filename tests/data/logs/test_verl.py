"""What verl 0.9.1 dumped: ``tools/logs/verl_rollouts.py`` runs its trainers' own code."""

import json
from pathlib import Path

import pytest

from klimit import InputError, read_draws

FILES = Path(__file__).parent / "files" / "verl"
ASKED = ("How do I make a cup of tea?", "Describe the taste of coffee.", "Tell me a fact about")


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


@pytest.mark.parametrize("step", [1, 2])
def test_rollouts_are_draws_whose_reward_is_what_was_trained_on(step: int) -> None:
    path = FILES / "rollouts" / f"{step}.jsonl"
    rows = lines(path)
    assert set(rows[0]) == {"input", "output", "gts", "score", "step", "uid"}
    draws = read_draws(path, format="verl")
    assert draws.counts.tolist() == [4, 4, 4]
    assert draws.prompts == tuple(
        f"system\nAnswer in one line – naïvely, if you like.\nuser\n{asked}\nassistant\n"
        for asked in (*ASKED[:2], f"{ASKED[2]} cats.")
    )
    assert draws.rewards.tolist() == [row["score"] for row in rows]
    assert list(draws.texts or ()) == [row["output"] for row in rows]
    assert draws.columns == {}


def test_a_validations_reward_is_what_was_trained_on_and_its_score_the_functions_own() -> None:
    path = FILES / "validation" / "0.jsonl"
    rows = lines(path)
    draws = read_draws(path, format="verl")
    assert draws.rewards.tolist() == [row["reward"] for row in rows]
    assert set(draws.columns) == {"score", "acc", "overlong_reward", "overlong"}
    own = draws.column("score") + draws.column("overlong_reward")
    assert draws.rewards == pytest.approx(own, abs=1e-6)
    assert draws.column("acc").tolist() == [float(row["score"] > 0) for row in rows]
    scored = read_draws(path, format="verl", reward="score")
    assert scored.rewards.tolist() == [row["score"] for row in rows]


def test_the_older_trainers_rollouts_have_the_functions_score_alone() -> None:
    path = FILES / "legacy" / "1.jsonl"
    draws = read_draws(path, format="verl")
    assert draws.counts.tolist() == [4, 4, 4]
    assert sorted(draws.rewards) == sorted(row["score"] for row in lines(path))
    assert set(draws.columns) == {"acc", "overlong_reward", "overlong"}


def test_a_session_of_several_outputs_is_one_draw_of_its_first_prompt() -> None:
    path = FILES / "sessions" / "1.jsonl"
    rows = lines(path)
    assert len(rows) == 24
    whole = read_draws(FILES / "rollouts" / "1.jsonl", format="verl")
    draws = read_draws(path, format="verl")
    assert draws.prompts == whole.prompts
    assert draws.rewards.tolist() == whole.rewards.tolist()
    assert list(draws.texts or ()) == list(whole.texts or ())
    by_uid = read_draws(path, format="verl", prompt="uid")
    assert by_uid.prompts[0] == "uid-0_0_0"


def test_outputs_in_any_order_are_the_same_sessions(tmp_path: Path) -> None:
    rows = lines(FILES / "sessions" / "1.jsonl")
    path = tmp_path / "1.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows[::-1]))
    draws = read_draws(path, format="verl")
    assert sorted(draws.texts or ()) == sorted(str(row["output"]) for row in rows[1::2])
    assert len(draws.prompts) == 3


def test_a_bad_score_of_a_session_is_named_by_its_line(tmp_path: Path) -> None:
    rows = lines(FILES / "sessions" / "1.jsonl")
    rows[3]["score"] = None
    path = tmp_path / "1.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(InputError, match=r"row 4, column 'score': needed a number, got noth"):
        read_draws(path, format="verl")


def test_uids_of_another_form_part_nothing(tmp_path: Path) -> None:
    rows = [row | {"uid": f"{i}"} for i, row in enumerate(lines(FILES / "sessions/1.jsonl"))]
    path = tmp_path / "1.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert len(read_draws(path, format="verl")) == 24


def test_lines_end_where_verl_ends_them(tmp_path: Path) -> None:
    rows = lines(FILES / "rollouts" / "1.jsonl")
    rows[0]["output"] = "one\u2028two\x85three\rfour"
    path = tmp_path / "1.jsonl"
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")
    draws = read_draws(path, format="verl")
    assert len(draws) == 12
    assert draws.texts is not None
    assert draws.texts[0] == "one\u2028two\x85three\rfour"


def test_steps_in_one_file_and_in_a_folder_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the folder has 2, one a step, .*2.jsonl' say"):
        read_draws(FILES / "rollouts", format="verl")
    for step in ("1", "2"):
        whole = read_draws(FILES / "rollouts" / f"{step}.jsonl", format="verl")
        draws = read_draws(FILES / "rollouts", format="verl", policy=step)
        assert draws.rewards.tolist() == whole.rewards.tolist()
    with pytest.raises(InputError, match="the folder has 2, one a step"):
        read_draws(FILES / "rollouts", format="verl", policy="3")
    path = tmp_path / "both.jsonl"
    both = [(FILES / "rollouts" / f"{step}.jsonl").read_text() for step in (1, 2)]
    path.write_text("".join(both))
    with pytest.raises(InputError, match=r"column 'step': needed draws of one policy, got 2"):
        read_draws(path, format="verl")
    assert len(read_draws(path, format="verl", policy="2")) == 12
