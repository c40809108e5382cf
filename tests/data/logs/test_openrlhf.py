"""What ``batch_inference`` of OpenRLHF 0.6.4 wrote, run by ``tools/logs``."""

import json
from pathlib import Path

import pytest

from klimit import InputError, read_draws

FILES = Path(__file__).parent / "files" / "openrlhf"


def lines(name: str) -> list[dict[str, object]]:
    text = (FILES / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line]


def test_scored_generations_are_draws_whatever_their_order() -> None:
    rows = lines("scored.jsonl")
    assert set(rows[0]) == {"input", "output", "reward"}
    draws = read_draws(FILES / "scored.jsonl", format="openrlhf")
    assert draws.prompts == tuple(dict.fromkeys(row["input"] for row in rows))
    assert draws.counts.tolist() == [4, 4, 4]
    assert draws.texts is not None
    pairs = set(zip(draws.texts, draws.rewards.tolist(), strict=True))
    assert pairs == {(row["output"], row["reward"]) for row in rows}
    assert draws.prompts[0].startswith("<|im_start|>system\nYou are")


def test_the_folder_of_the_part_files_beside_it_stands_for_it(tmp_path: Path) -> None:
    whole = (FILES / "scored.jsonl").read_bytes()
    for name in ("scored.jsonl", "scored.jsonl0"):  # OpenRLHF leaves a part for each process
        (tmp_path / name).write_bytes(whole)
    assert len(read_draws(tmp_path, format="openrlhf")) == 12


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("generated.jsonl", "without ('input', 'output'); score them, with batch_inference"),
        ("iter_dpo.jsonl", "got the best and the worst alone (--post_processor iter_dpo)"),
    ],
)
def test_files_without_all_scored_draws_are_refused(name: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        read_draws(FILES / name, format="openrlhf")
    assert told in str(caught.value)


def test_a_file_of_no_generations_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text('{"text": "a"}\n')
    with pytest.raises(InputError, match=r"needed generations of OpenRLHF \(input, output\)"):
        read_draws(path, format="openrlhf")
