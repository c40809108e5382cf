"""Wrong tables, given to every command that reads one: a line that helps, and exit code 1."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.cli.conftest import Klimit

Row = dict[str, object]

COMMANDS: dict[str, tuple[str, list[str]]] = {
    "frontier": ("reward", ["frontier", "TABLE"]),
    "best-of": ("reward", ["best-of", "TABLE", "--n", "1,2"]),
    "plan": ("reward", ["plan", "TABLE", "--kl", "0.5"]),
    "report": ("reward", ["report", "TABLE"]),
    "overopt": ("gold", ["overopt", "TABLE", "--gold", "gold"]),
    "kl": ("log_prob_policy", ["kl", "TABLE"]),
    "audit": ("log_prob_policy", ["audit", "TABLE", "--reference", "GOOD"]),
    "audit the reference": ("reward", ["audit", "GOOD", "--reference", "TABLE"]),
}
"""The column that a command cannot do without, and its words."""


def good_rows() -> list[Row]:
    rng = np.random.default_rng(0)
    rows: list[Row] = []
    for place in range(24):
        reward, gold, log_prob, ratio = rng.normal(size=4).round(3).tolist()
        rows.append(
            {
                "prompt": "abcd"[place % 4],
                "draw": place // 4,
                "response": f"réponse {place}",
                "reward": reward,
                "gold": gold,
                "log_prob_policy": log_prob - 20 + ratio / 9,
                "log_prob_reference": log_prob - 20,
            }
        )
    return rows


def as_csv(rows: list[Row]) -> bytes:
    lines = [list(rows[0]), *(["" if v is None else v for v in row.values()] for row in rows)]
    return "".join(",".join(map(str, line)) + "\n" for line in lines).encode()


def as_jsonl(rows: list[Row]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_parquet(rows: list[Row]) -> bytes:
    columns = {
        name: [str(row[name]) for row in rows]
        if any(isinstance(row[name], str) for row in rows)
        else [row[name] for row in rows]
        for name in rows[0]
    }
    file = io.BytesIO()
    pl.DataFrame(columns).write_parquet(file)
    return file.getvalue()


FORMATS = {"csv": as_csv, "jsonl": as_jsonl, "parquet": as_parquet}
FIFTH = {"csv": 6, "jsonl": 5, "parquet": 5}  # a CSV file's header is its row 1


def with_fifth(column: str, value: object) -> list[Row]:
    return [row | {column: value} if at == 4 else row for at, row in enumerate(good_rows())]


def listed(column: str) -> list[Row]:
    return [row | {column: [row[column]] * (1 + at % 2)} for at, row in enumerate(good_rows())]


def without(column: str) -> list[Row]:
    return [{name: v for name, v in row.items() if name != column} for row in good_rows()]


def first(prompts: str) -> list[Row]:
    return [row for row in good_rows() if str(row["prompt"]) in prompts]


FLAWS: dict[str, tuple[Callable[[str], list[Row]], str]] = {
    "a column that is missing": (without, "COLUMN.*the (table|draws) ha"),
    "text": (
        lambda column: with_fifth(column, "good"),
        "row FIFTH, column 'COLUMN': needed a number, got the text 'good'; ",
    ),
    "nan": (
        lambda column: with_fifth(column, float("nan")),
        r"row FIFTH, column 'COLUMN': needed a number, got nan; 1 of 24 are missing .*mend",
    ),
    "nothing": (
        lambda column: with_fifth(column, None),
        r"row FIFTH, column 'COLUMN': needed a number, got nothing; 1 of 24 .*--missing drop",
    ),
    "inf": (
        lambda column: with_fifth(column, float("inf")),
        "row FIFTH, column 'COLUMN': needed a finite number, got inf; ",
    ),
    "a draw twice": (
        lambda _: [*good_rows(), good_rows()[4]],
        "column 'draw': .* again .*FIFTH.*; remove the copy",
    ),
    "one prompt": (
        lambda _: first("a"),
        "an interval for the population .* 2 prompts, got 1; .* --prompts fixed",
    ),
}


@pytest.fixture
def told(klimit: Klimit, tmp_path: Path) -> Callable[[str, str, bytes], str]:
    """Give a table to a command and return the one line that it says."""

    def told(command: str, name: str, table: bytes) -> str:
        (tmp_path / name).write_bytes(table)
        (tmp_path / "good.csv").write_bytes(as_csv(good_rows()))
        names = {"TABLE": str(tmp_path / name), "GOOD": str(tmp_path / "good.csv")}
        ended = klimit(*(names.get(word, word) for word in COMMANDS[command][1]))
        assert (ended.code, ended.out) == (1, "")
        assert ended.err.count("\n") == 1
        assert ended.err.startswith("error: ")
        assert str(tmp_path / name) in ended.err
        return ended.err

    return told


@pytest.mark.parametrize("flaw", FLAWS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_table_gets_a_line_with_file_row_column_and_remedy(
    command: str, flaw: str, told: Callable[[str, str, bytes], str]
) -> None:
    column = COMMANDS[command][0]
    spoil, pattern = FLAWS[flaw]
    for ending, encode in FORMATS.items():
        line = told(command, f"draws.{ending}", encode(spoil(column)))
        needed = pattern.replace("COLUMN", column).replace("FIFTH", str(FIFTH[ending]))
        assert re.search(needed, line), line


@pytest.mark.parametrize("command", COMMANDS)
def test_a_damaged_file_gets_a_line_with_file_row_and_remedy(
    command: str, told: Callable[[str, str, bytes], str], tmp_path: Path
) -> None:
    column = COMMANDS[command][0]
    rows = good_rows()
    for ending, encode in FORMATS.items():
        assert "an empty file (0 bytes); write" in told(command, f"empty.{ending}", b"")
        if ending != "parquet":
            latin = encode(rows).decode().encode("latin-1")
            line = told(command, f"latin.{ending}", latin)
            assert "needed UTF-8 text, got the byte 0xe9" in line
            wide = encode(rows).decode().encode("utf-16")
            assert "got UTF-16; save" in told(command, f"wide.{ending}", wide)
    half = as_parquet(rows)[:-100]
    assert "cut off or damaged" in told(command, "half.parquet", half)
    assert "needed one JSON object" in told(command, "half.jsonl", as_jsonl(rows)[:-40])
    no_rows = as_csv(rows).splitlines()[0]
    assert "a table without rows" in told(command, "header.csv", no_rows)
    ragged = as_csv(rows).replace(b"9\n", b"9,8,7\n", 1)
    assert re.search(r"row \d+: needed 7 cells", told(command, "ragged.csv", ragged))
    for ending in ("jsonl", "parquet"):
        line = told(command, f"lists.{ending}", FORMATS[ending](listed(column)))
        assert f"row 1, column '{column}': needed a number, got a list of 1; write" in line


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_and_an_empty_pipe_are_no_tables(
    command: str, klimit: Klimit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "good.csv").write_bytes(as_csv(good_rows()))
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    for name, needed in (
        ("folder", "error: folder: needed a file, got a directory; name a file\n"),
        ("-", "error: standard input: needed a table, got an empty file (0 bytes)"),
        ("nowhere.csv", "error: nowhere.csv: no such file; check the path\n"),
    ):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
        names = {"TABLE": name, "GOOD": "good.csv"}
        ended = klimit(*(names.get(word, word) for word in COMMANDS[command][1]))
        assert (ended.code, ended.out) == (1, "")
        assert ended.err.startswith(needed)
        assert ended.err.count("\n") == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_a_byte_order_mark_changes_nothing(
    command: str, klimit: Klimit, tmp_path: Path
) -> None:
    (tmp_path / "good.csv").write_bytes(as_csv(good_rows()))
    for ending in ("csv", "jsonl"):
        seen = []
        for mark in (b"", b"\xef\xbb\xbf"):
            path = tmp_path / f"draws.{ending}"
            path.write_bytes(mark + FORMATS[ending](good_rows()))
            names = {"TABLE": str(path), "GOOD": str(tmp_path / "good.csv")}
            seen.append(klimit(*(names.get(word, word) for word in COMMANDS[command][1])))
        assert seen[0].code == 0
        assert seen[0] == seen[1]


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("gold", ["overopt", "--gold", "gold", "--n", "1,2"]),
        ("gold", ["overopt", "--gold", "reward", "--proxies", "reward,gold", "--n", "1,2"]),
        ("gold", ["audit", "--reference", "GOOD", "--reward", "gold"]),
        ("log_prob_reference", ["audit", "--reference", "GOOD"]),
        ("log_prob_policy", ["kl"]),
        ("gold", ["plan", "--kl", "0.1", "--reward", "gold"]),
        ("tokens", ["plan", "--kl", "0.1"]),
        ("length", ["plan", "--kl", "0.1", "--tokens", "length"]),
    ],
)
def test_draws_without_a_number_that_is_used_are_left_out_where_asked(
    column: str, words: list[str], klimit: Klimit, tmp_path: Path
) -> None:
    for row in (good := good_rows()):
        row.setdefault(column, 7)
    (tmp_path / "good.csv").write_bytes(as_csv(good))
    good[4][column] = None
    path = tmp_path / "gap.csv"
    path.write_bytes(as_csv(good))
    words = [str(tmp_path / "good.csv") if word == "GOOD" else word for word in words]
    assert klimit(*words, str(path)).code == 1
    ended = klimit(*words, str(path), "--missing", "drop")
    assert ended.code == 0
    assert f"left out 1 of 24 draws, which have no {column}: prompt 'a' (1)" in ended.err


@pytest.mark.parametrize(
    "words",
    [
        ["frontier", "ONE"],
        ["best-of", "ONE"],
        ["plan", "ONE", "--kl", "0.1"],
        ["overopt", "ONE", "--gold", "gold"],
        ["audit", "ONE", "--reference", "ONE"],
        ["kl", "ONE"],
        ["frontier", "GAP"],
        ["frontier", "GAP", "--reward", "gol"],
    ],
)
def test_advice_names_options_and_no_keywords(
    words: list[str], klimit: Klimit, tmp_path: Path
) -> None:
    alike = [row | {"prompt": "a", "draw": at} for at, row in enumerate(good_rows())]
    (tmp_path / "one.csv").write_bytes(as_csv(alike))
    (tmp_path / "gap.csv").write_bytes(as_csv(with_fifth("reward", None)))
    names = {"ONE": str(tmp_path / "one.csv"), "GAP": str(tmp_path / "gap.csv")}
    ended = klimit(*(names.get(word, word) for word in words))
    assert ended.code == 1
    assert re.search(r" --(prompts fixed|missing drop|reward gold)\b", ended.err)
    assert not re.search(r"[a-z]=['\"]", ended.err)


def test_a_column_of_no_likely_name_is_asked_for_by_its_option(
    klimit: Klimit, tmp_path: Path
) -> None:
    path = tmp_path / "draws.csv"
    path.write_text('text,"a ""quoted""\nname"\nx,y\n', encoding="utf-8")
    ended = klimit("frontier", str(path))
    assert ended.code == 1
    assert ended.err.count("\n") == 1
    assert ended.err.endswith("; name the right one with --prompt NAME\n")


def test_prompts_of_millions_of_letters_make_no_longer_line(
    klimit: Klimit, tmp_path: Path
) -> None:
    good, long = tmp_path / "good.csv", tmp_path / "long.jsonl"
    good.write_bytes(as_csv(good_rows()))
    long.write_bytes(
        as_jsonl([row | {"prompt": f"{row['prompt']}" * 10**6} for row in good_rows()])
    )
    for words in (["audit", str(long), "--reference", str(good)], ["frontier", str(long)]):
        ended = klimit(*words)
        assert len(ended.err) + len(ended.out) < 2000
    long.write_bytes(as_jsonl([row | {"prompt": "a" * 10**6} for row in good_rows()]))
    ended = klimit("frontier", str(long))
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert len(ended.err) < 600


def test_the_reward_of_another_column_may_be_the_gold_one(
    klimit: Klimit, tmp_path: Path
) -> None:
    path = tmp_path / "draws.csv"
    path.write_bytes(as_csv(good_rows()))
    asked = ("overopt", str(path), "--reward", "gold", "--gold", "reward", "--n", "1,2")
    ended = klimit(*asked, "--json")
    assert ended.code == 0
    first = json.loads(ended.out)["results"][0]
    mean = np.mean([float(str(row["reward"])) for row in good_rows()])
    assert first["best_of_n"][0]["gold"]["value"] == pytest.approx(mean)


def test_what_a_trainers_log_does_not_say_cannot_be_said_of_a_table(
    klimit: Klimit, tmp_path: Path
) -> None:
    path = tmp_path / "draws.csv"
    path.write_bytes(as_csv(good_rows()))
    ended = klimit("kl", str(path), "--mean-length", "40")
    assert ended.code == 1
    assert "are for a trainer's log, got a table of draws; leave them out" in ended.err


def test_a_policy_to_choose_is_asked_for_by_the_option_of_its_table(
    klimit: Klimit, tmp_path: Path
) -> None:
    good, both = tmp_path / "good.csv", tmp_path / "both.csv"
    good.write_bytes(as_csv(good_rows()))
    both.write_bytes(as_csv([row | {"policy": f"p {row['draw']}"} for row in good_rows()]))
    for words, option in (
        (["audit", str(both), "--reference", str(good)], "take one with --policy 'p 0'"),
        (
            ["audit", str(good), "--reference", str(both)],
            "take one with --reference-policy 'p 0'",
        ),
        (["report", str(good), "--checkpoint", str(both)], "with --checkpoint-policy 'p 0'"),
    ):
        ended = klimit(*words)
        assert ended.code == 1
        assert ended.err.startswith(
            f"error: {both}: column 'policy': needed draws of one policy"
        )
        assert option in ended.err
