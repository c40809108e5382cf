"""Columns of types that other tools write: read for what they are, or refused in one line."""

import datetime as dt
import gzip
import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from klimit import InputError, read_draws
from klimit.data.logs.says import LogOverrides, ScoredColumns
from klimit.data.logs.scored import read_kl_source
from klimit.data.points import read_points

REWARDS = [0.5, -1.25, 0.0, 2.0]


def written(path: Path, **columns: object) -> Path:
    table = {"prompt": ["a", "b", "a", "b"], "reward": REWARDS} | columns
    pq.write_table(pa.table({name: pa.array(column) for name, column in table.items()}), path)
    return path


@pytest.mark.parametrize(
    "reward",
    [
        pa.array(np.array(REWARDS, dtype=np.float16)),
        pa.array(np.array(REWARDS, dtype=np.float32)),
        pa.array([Decimal(str(reward)) for reward in REWARDS], pa.decimal128(9, 2)),
        pa.array(REWARDS).dictionary_encode(),
    ],
    ids=["half", "single", "decimal", "dictionary"],
)
def test_numbers_of_every_type_are_the_rewards(reward: pa.Array, tmp_path: Path) -> None:
    draws = read_draws(written(tmp_path / "draws.parquet", reward=reward))
    assert draws.rewards.tolist() == [0.5, 0.0, -1.25, 2.0]


@pytest.mark.parametrize(
    "prompt",
    [
        pa.array(["a", "b", "a", "b"]).dictionary_encode(),
        pa.array(["a", "b", "a", "b"], pa.large_string()),
        pa.array([b"a", b"b", b"a", b"b"]),
        pa.array([dt.date(2026, 1, 1), dt.date(2026, 1, 2)] * 2),
        pa.array([1.5, 1e300, 1.5, 1e300]),
        pa.array([2**64 - 1, 0, 2**64 - 1, 0], pa.uint64()),
        pa.array([-0.0, 1.0, 0.0, 1.0]),
    ],
    ids=["dictionary", "large text", "bytes", "dates", "floats", "unsigned", "minus zero"],
)
def test_whatever_names_prompts_groups_draws(prompt: pa.Array, tmp_path: Path) -> None:
    draws = read_draws(written(tmp_path / "draws.parquet", prompt=prompt))
    assert draws.counts.tolist() == [2, 2]


@pytest.mark.parametrize(
    ("column", "values", "told"),
    [
        ("reward", pa.array([dt.timedelta(1)] * 4), "row 1, .* got the value '1 day, 0:00:00'"),
        ("reward", pa.array([b"ab"] * 4), "row 1, .* got the value b'ab'"),
        ("reward", pa.array([None, dt.date(2026, 1, 1)] * 2), "row 2, .* value '2026-01-01'"),
        ("reward", pa.array([1, 2**53 + 1, 2, 3]), "row 2, .* got 9007199254740993; subtract"),
        ("reward", pa.array([1, 2, 3, 2**64 - 1], pa.uint64()), "row 4, .* to the last digit"),
        (
            "reward",
            pa.array([0.0, 0.0, -1e300, 0.0]),
            r"row 3, .* at most 1e\+70 in",
        ),
        (
            "reward",
            pa.array([0.0, 1e-300, 0.0, 0.0]),
            "parquet: rewards must .* differ by more",
        ),
        ("reward", pa.array([Decimal(1)] * 4, pa.decimal256(50, 3)), "a type that is not read"),
        ("prompt", pa.array([b"a", b"\xff", b"a", b"b"]), r"row 2, .* got b'.xff'; mend"),
        ("prompt", pa.array([1.0, np.nan, 1.0, 2.0]), "row 2, .* needed a prompt, .* got nan"),
        ("prompt", pa.array([1.0, 2.0, np.inf, 2.0]), "row 3, .* needed a prompt, .* got inf"),
    ],
)
def test_what_is_no_number_or_names_no_prompt_is_refused_with_its_row(
    column: str, values: pa.Array, told: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=told) as refused:
        read_draws(written(tmp_path / "draws.parquet", **{column: values}))
    assert "\n" not in str(refused.value)


def test_whole_numbers_too_long_for_a_float_may_stand_beside_the_reward(tmp_path: Path) -> None:
    path = written(tmp_path / "draws.parquet", seed=[2**63 - 1, 0, 1, 2])
    assert read_draws(path).column("seed")[0] == 2.0**63


def test_log_probabilities_with_a_decimal_comma_are_read(tmp_path: Path) -> None:
    path = tmp_path / "scored.csv"
    path.write_text(
        "prompt;log_prob_policy;log_prob_reference\na;-1,5;-2,25\na;-1;-1,5\nb;-3;-3,5\n"
    )
    draws = read_kl_source(str(path), columns=ScoredColumns(), says=LogOverrides())
    assert draws.column("log_prob_policy").tolist() == [-1.5, -1.0, -3.0]  # type: ignore[union-attr]


def test_a_column_that_stands_twice_is_refused_by_name(tmp_path: Path) -> None:
    column = pa.array(REWARDS)
    path = tmp_path / "twice.parquet"
    names = ["prompt", "reward", "reward"]
    pq.write_table(pa.Table.from_arrays([pa.array([*"abab"]), column, column], names), path)
    with pytest.raises(
        InputError, match=r"columns of different names, got .*'reward'.*; rename"
    ):
        read_draws(path)


def test_a_table_packed_twice_or_with_more_behind_it_is_refused(tmp_path: Path) -> None:
    path, packed = tmp_path / "draws.csv.gz", gzip.compress(b"prompt,reward\na,1\n")
    for content, told in (
        (gzip.compress(packed), "got gzip data within gzip; unpack it first"),
        (packed + b"junk", "needed whole gzip data, .*; pack it again"),
    ):
        path.write_bytes(content)
        with pytest.raises(InputError, match=told):
            read_draws(path)


@pytest.mark.parametrize(
    ("given", "got"), [("inf", "inf"), ("", "nothing"), ("1e99", r"1e\+99")]
)
def test_a_checkpoint_without_a_finite_number_is_refused_as_it_stands(
    given: str, got: str, tmp_path: Path
) -> None:
    path = tmp_path / "run.csv"
    path.write_text(f"kl,reward\n0.1,0.2\n0.2,{given}\n")
    with pytest.raises(InputError, match=f"row 3, column 'reward': needed .*, got {got}; mend"):
        read_points(path)


def test_a_format_that_the_first_bytes_deny_is_refused(tmp_path: Path) -> None:
    parquet, arrow, text = (tmp_path / name for name in ("a.parquet", "a.arrow", "a.csv"))
    written(parquet)
    table = pq.read_table(parquet)
    pl.from_arrow(table).write_ipc(arrow)  # type: ignore[union-attr]
    text.write_text("prompt,reward\na,1\n")
    for path, asked, got in (
        (parquet, "jsonl", "Parquet"),
        (parquet, "arrow", "Parquet"),
        (arrow, "csv", "Arrow"),
        (arrow, "parquet", "Arrow"),
        (text, "parquet", "a file that does not begin as Parquet does"),
    ):
        with pytest.raises(InputError, match=f"needed {asked}, as asked for, got {got}; leave"):
            read_draws(path, format=asked)
    for path, asked in ((parquet, "parquet"), (arrow, "arrow"), (text, "csv")):
        assert len(read_draws(path, format=asked)) in {1, 4}


CUT = "cut \ud83d"  # what a program that counts in UTF-16 leaves of a character
MENDED = "cut \N{REPLACEMENT CHARACTER}"


def test_half_a_character_in_json_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "draws.json"
    rows = [{"prompt": CUT, "reward": reward, "response": CUT, CUT: 1.0} for reward in REWARDS]
    path.write_text(json.dumps(rows))
    draws = read_draws(path, texts="response")
    assert draws.prompts == (MENDED,)
    assert draws.texts is not None
    assert draws.texts[0] == MENDED
    assert list(draws.columns) == [MENDED]


def test_half_a_character_in_pandas_is_replaced() -> None:
    cells = pd.Series([CUT, None, "whole", "whole"], dtype=object)
    draws = read_draws(
        pd.DataFrame({"prompt": ["a"] * 4, "reward": REWARDS, "response": cells}),
        texts="response",
    )
    assert draws.texts is not None
    assert list(draws.texts) == [MENDED, "", "whole", "whole"]
