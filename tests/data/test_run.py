import json
from pathlib import Path

import pytest

from klimit.core.errors import InputError
from klimit.data.journal import Journal
from klimit.data.run import DrawRecord, open_run

SETTINGS = {"model": {"file": "small.gguf"}, "seed": 0}


def record(draw: int, response: str = "Hello.") -> DrawRecord:
    return DrawRecord(0, draw, 100 + draw, response, 3, -5.5, finished=True)


def test_what_was_drawn_is_there_again(tmp_path: Path) -> None:
    odd = "line\nbreak, \x00, \u2028, \U0001f600, \ud800"
    with open_run(tmp_path, SETTINGS) as run:
        run.add([record(0, odd), record(2)])
    with open_run(tmp_path, SETTINGS) as run:
        assert run.missing(0, range(4)) == [1, 3]
        assert run.record(0, 2) == record(2)
        assert run.record(0, 0).response.startswith("line\nbreak, \x00, \u2028, \U0001f600")


@pytest.mark.parametrize("cut", [1, 10, 60])
def test_a_last_line_cut_short_is_drawn_again_and_the_file_stays_whole(
    tmp_path: Path, cut: int
) -> None:
    with open_run(tmp_path, SETTINGS) as run:
        run.add([record(0), record(1)])
    file = tmp_path / "draws.jsonl"
    file.write_bytes(file.read_bytes()[:-cut])
    with open_run(tmp_path, SETTINGS) as run:
        assert run.missing(0, range(2)) == [1]
        run.add([record(1)])
    lines = file.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["draw"] for line in lines] == [0, 1]


def test_a_draw_is_on_disk_before_the_next_is_looked_at(tmp_path: Path) -> None:
    with open_run(tmp_path, SETTINGS) as run:
        run.add([record(0)])
        assert (tmp_path / "draws.jsonl").read_bytes().endswith(b"\n")


def test_draws_that_are_there_are_left_as_they_are(tmp_path: Path) -> None:
    with open_run(tmp_path, SETTINGS) as run:
        run.add([record(0, "first")])
        run.add([record(0, "second")])
        assert run.record(0, 0).response == "first"


def test_a_run_with_other_settings_is_refused_and_named(tmp_path: Path) -> None:
    with open_run(tmp_path, SETTINGS):
        pass
    with (
        pytest.raises(InputError, match="a run with another seed: 0 there, 1 here; give anot"),
        open_run(tmp_path, {**SETTINGS, "seed": 1}),
    ):
        pass


def test_two_processes_do_not_write_one_run(tmp_path: Path) -> None:
    with (
        open_run(tmp_path, SETTINGS),
        pytest.raises(InputError, match="is in use by another run"),
        open_run(tmp_path, SETTINGS),
    ):
        pass


def test_conditions_are_kept_and_no_reason_to_refuse(tmp_path: Path) -> None:
    with open_run(tmp_path, SETTINGS) as run:
        run.note({"truncation": "all off"})
    with open_run(tmp_path, SETTINGS) as run:
        assert run.conditions == {"truncation": "all off"}


@pytest.mark.parametrize("line", ["not json", "[1]", '{"prompt": 0}'])
def test_a_line_that_is_no_draw_is_named(tmp_path: Path, line: str) -> None:
    with open_run(tmp_path, SETTINGS) as run:
        run.add([record(0)])
    with (tmp_path / "draws.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with (
        pytest.raises(InputError, match=r"draws\.jsonl' line 2 is not a .*remove the line"),
        open_run(tmp_path, SETTINGS),
    ):
        pass


@pytest.mark.parametrize("content", ["[]", "{"])
def test_a_manifest_of_something_else_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with (
        pytest.raises(InputError, match="is not the manifest of a run"),
        open_run(tmp_path, SETTINGS),
    ):
        pass


def test_a_place_that_cannot_hold_a_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(InputError, match="cannot hold a run"),
        open_run(tmp_path / "file" / "run", SETTINGS),
    ):
        pass
    with pytest.raises(InputError, match="cannot be written: Is a directory"):
        Journal(tmp_path)
