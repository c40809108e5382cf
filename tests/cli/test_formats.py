"""Logs of other tools on the command line: whole ones, and two spoilt ones of each."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tests.cli.conftest import Klimit

FILES = Path(__file__).parents[1] / "data" / "logs" / "files"
Spoil = Callable[[Path], None]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("trl_completions.parquet", ["--format", "trl", "--reward", "vowels"]),
        ("verl/rollouts/1.jsonl", ["--format", "verl"]),
        ("verl/validation/0.jsonl", ["--format", "verl", "--reward", "acc"]),
        ("openrlhf/scored.jsonl", ["--format", "openrlhf"]),
        ("samples_repeated.jsonl", ["--format", "lm-eval"]),
        ("dataset", []),
        ("dataset", ["--format", "hf", "--reward", "gold"]),
    ],
)
def test_a_log_is_a_frontier(name: str, options: list[str], klimit: Klimit) -> None:
    ended = klimit("frontier", str(FILES / name), *options, "--kl", "0.1", "--json")
    assert ended.code == 0
    (point,) = json.loads(ended.out)["points"]
    assert point["reward"]["value"] > -1


def test_a_folder_of_one_step_stands_for_its_file(klimit: Klimit) -> None:
    place = str(FILES / "verl" / "validation")
    ended = klimit("best-of", place, "--format", "verl", "--n", "2,4", "--json")
    assert ended.code == 0
    assert len(json.loads(ended.out)["points"]) == 2


def renamed(name: str) -> Spoil:
    def spoil(path: Path) -> None:
        if path.suffix == ".parquet":
            pl.read_parquet(path).rename({name: "points"}).write_parquet(path)
        else:
            path.write_text(path.read_text().replace(f'"{name}"', '"points"'))

    return spoil


def whole(path: Path) -> None:
    """As it is."""


def cut(path: Path) -> None:
    if path.is_dir():
        path = path / "data-00000-of-00002.arrow"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - 40])


def unnumbered(path: Path) -> None:
    path.write_text(path.read_text().replace('"score": -0.5,', '"score": NaN,'))


@pytest.mark.parametrize(
    ("name", "options", "spoil", "told"),
    [
        ("trl_completions.parquet", ["trl"], renamed("completion"), "needed TRL's completions"),
        ("trl_completions.parquet", ["trl"], cut, "needed a whole table, got one that is cut"),
        ("verl/rollouts/1.jsonl", ["verl"], renamed("score"), "needed rollouts of verl (inp"),
        ("verl/rollouts/1.jsonl", ["verl"], cut, "row 12: needed one JSON object on the line"),
        ("verl/rollouts/1.jsonl", ["verl"], unnumbered, "row 2, column 'score': needed a "),
        ("openrlhf/scored.jsonl", ["openrlhf"], renamed("reward"), "got generations without ("),
        (
            "openrlhf/scored.jsonl",
            ["openrlhf"],
            cut,
            "row 12: needed one JSON object on the line, got",
        ),
        ("samples_repeated.jsonl", ["lm_eval"], renamed("resps"), "row 1: needed a sample of "),
        ("samples_repeated.jsonl", ["lm_eval"], cut, "row 3: needed one JSON object on the li"),
        ("dataset", ["datasets", "--reward", "points"], whole, "column 'points': "),
        ("dataset", ["datasets"], cut, "needed an Arrow file, got none or one cut "),
    ],
)
def test_a_spoilt_log_is_refused_in_one_line(
    name: str, options: list[str], spoil: Spoil, told: str, klimit: Klimit, tmp_path: Path
) -> None:
    path = tmp_path / Path(name).name
    kept = FILES / name
    (shutil.copytree if kept.is_dir() else shutil.copyfile)(kept, path)
    spoil(path)
    ended = klimit("frontier", str(path), "--format", *options)
    assert (ended.code, ended.out) == (1, "")
    assert told in ended.err
    assert ended.err.count("\n") == 1
