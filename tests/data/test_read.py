"""Tables of draws: what is read, and what is refused in one line."""

import gzip
import io
import json
import os
import re
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klimit import Draws, InputError, KlimitError, KlimitWarning, read_draws

EXAMPLE = Path(__file__).parents[2] / "examples" / "smollm2_draws.parquet"
ROWS = [("a", 0.5), ("b", -1.0), ("a", 2.0)]


def parquet(frame: pl.DataFrame) -> bytes:
    stream = io.BytesIO()
    frame.write_parquet(stream)
    return stream.getvalue()


def table(**columns: list[object]) -> pl.DataFrame:
    return pl.DataFrame(columns, strict=False)


FRAME = pl.DataFrame(ROWS, schema=["prompt", "reward"], orient="row")
ENCODED: dict[str, bytes] = {
    "draws.parquet": parquet(FRAME),
    "draws.csv": b"prompt,reward\na,0.5\nb,-1\na,2\n",
    "crlf.csv": b"prompt,reward\r\na,0.5\r\nb,-1\r\na,2\r\n",
    "bom.csv": "prompt,reward\na,0.5\nb,-1\na,2\n".encode("utf-8-sig"),
    "old_mac.csv": b"prompt,reward\ra,0.5\rb,-1\ra,2\r",
    "quoted.csv": b'"prompt","reward"\n"a","0.5"\n"b","-1"\n"a","2"\n',
    "trailing_blank_rows.csv": b"prompt,reward\na,0.5\nb,-1\na,2\n,\n\n",
    "european.csv": b"prompt;reward\na;0,5\nb;-1,0\na;2\n",
    "draws.tsv": b"prompt\treward\na\t0.5\nb\t-1\na\t2\n",
    "draws.jsonl": b"".join(
        json.dumps({"prompt": prompt, "reward": reward}).encode() + b"\n"
        for prompt, reward in ROWS
    ),
    "bom.jsonl": b"\xef\xbb\xbf"
    b'{"prompt":"a","reward":0.5}\n\n{"prompt":"b","reward":-1}\n{"prompt":"a","reward":2}\n',
    "mixed_integers.jsonl": b'{"prompt":"a","reward":0.5}\n{"prompt":"b","reward":-1}\n'
    b'{"prompt":"a","reward":2}',
    "array.json": b'[{"prompt":"a","reward":0.5},{"prompt":"b","reward":-1},'
    b'{"prompt":"a","reward":2}]',
    "draws.csv.gz": gzip.compress(b"prompt,reward\na,0.5\nb,-1\na,2\n"),
    "wrong_extension.parquet": b"prompt,reward\na,0.5\nb,-1\na,2\n",
    "wrong_extension.csv": parquet(FRAME),
    "brackets[0-9]*.jsonl": b'{"prompt":"a","reward":0.5}\n{"prompt":"b","reward":-1}\n'
    b'{"prompt":"a","reward":2}\n',
}
ARROW = io.BytesIO()
FRAME.write_ipc(ARROW)
ENCODED["draws.arrow"] = ARROW.getvalue()
STREAM = io.BytesIO()
FRAME.write_ipc_stream(STREAM)
ENCODED["stream.arrow"] = STREAM.getvalue()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, bytes], Path]:
    def write(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def assert_is_the_table(draws: Draws) -> None:
    assert draws.prompts == ("a", "b")
    assert draws.rewards.tolist() == [0.5, 2.0, -1.0]
    assert draws.offsets.tolist() == [0, 2, 3]
    assert draws.rewards.dtype == np.float64


@pytest.mark.parametrize("name", ENCODED)
def test_a_table_reads_the_same_in_every_format(
    name: str, write: Callable[[str, bytes], Path]
) -> None:
    assert_is_the_table(read_draws(write(name, ENCODED[name])))


@pytest.mark.parametrize("name", ["draws.parquet", "draws.csv", "draws.jsonl", "draws.csv.gz"])
def test_standard_input_is_told_apart_by_its_bytes(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(ENCODED[name]))
    monkeypatch.setattr("sys.stdin", stream)
    assert_is_the_table(read_draws("-"))


def test_a_named_pipe_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(ENCODED["draws.jsonl"],))
    writer.start()
    assert_is_the_table(read_draws(pipe))
    writer.join()


@pytest.mark.parametrize(
    "source",
    [
        FRAME,
        FRAME.lazy(),
        FRAME.with_columns(pl.col("prompt").cast(pl.Categorical)),
        pd.DataFrame(ROWS, columns=["prompt", "reward"], index=[7, 7, 7]),
        pd.DataFrame(ROWS, columns=["prompt", "reward"]).astype({"prompt": "category"}),
        pa.table({"prompt": ["a", "b", "a"], "reward": pa.array([0.5, -1, 2], pa.float32())}),
    ],
    ids=lambda source: f"{type(source).__module__.partition('.')[0]}",
)
def test_a_table_in_memory_reads_like_a_file(source: object) -> None:
    assert_is_the_table(read_draws(source))


class DataSet:
    """What a Hugging Face data set offers."""

    def to_polars(self) -> pl.DataFrame:
        return FRAME


def test_a_data_set_of_hugging_face_is_read() -> None:
    assert_is_the_table(read_draws(DataSet()))


def test_the_logs_of_trainers_are_read(write: Callable[[str, bytes], Path]) -> None:
    verl = {"input": "a", "output": "x", "gts": None, "score": 1.0, "step": 3, "acc": True}
    path = write("3.jsonl", json.dumps(verl).encode() + b"\n")
    draws = read_draws(path, prompt="input", reward="score", texts="output")
    assert draws.columns.keys() == {"step", "acc"}
    chat = [{"role": "user", "content": "a"}]
    trl = table(step=[1], prompt=[chat], completion=[chat], accuracy=[0.5], advantage=[0.0])
    with pytest.raises(InputError, match="did you mean reward='accuracy'"):
        read_draws(trl)
    assert read_draws(trl, reward="accuracy").rewards.tolist() == [0.5]


def test_the_index_that_pandas_writes_is_no_column(write: Callable[[str, bytes], Path]) -> None:
    frame = pd.DataFrame(ROWS, columns=["prompt", "reward"])
    path = write("pandas.csv", frame.to_csv().encode())
    assert_is_the_table(read_draws(path))
    assert not read_draws(path).columns


def test_one_column_cannot_be_prompt_and_reward() -> None:
    with pytest.raises(InputError, match="needed different columns for prompt and reward"):
        read_draws(FRAME, prompt="reward")


def test_a_column_that_arrow_cannot_hold_does_not_spoil_the_others() -> None:
    frame = pd.DataFrame(ROWS, columns=["prompt", "reward"])
    frame["info"] = [{1}, "x", 3.0]
    assert_is_the_table(read_draws(frame))


def test_booleans_are_pass_and_fail(write: Callable[[str, bytes], Path]) -> None:
    for path in (
        write("b.csv", b"prompt,reward\na,True\na,False\n"),
        write("b.jsonl", b'{"prompt":"a","reward":true}\n{"prompt":"a","reward":false}\n'),
        write("b.parquet", parquet(table(prompt=["a", "a"], reward=[True, False]))),
    ):
        assert read_draws(path).rewards.tolist() == [1.0, 0.0]


def test_prompts_may_be_numbers(write: Callable[[str, bytes], Path]) -> None:
    for path in (
        write("i.csv", b"prompt,reward\n7,1\n9,2\n7,3\n"),
        write("i.parquet", parquet(table(prompt=[7.0, 9.0, 7.0], reward=[1, 2, 3]))),
    ):
        assert read_draws(path).prompts == (7, 9)


def test_prompts_of_chat_messages_are_told_apart(write: Callable[[str, bytes], Path]) -> None:
    chats = [[{"role": "user", "content": text}] for text in ("hi", "ho", "hi")]
    lines = b"".join(
        json.dumps({"prompt": chat, "reward": 1.0}).encode() + b"\n" for chat in chats
    )
    for path in (
        write("chat.jsonl", lines),
        write("chat.parquet", parquet(table(prompt=chats, reward=[1.0] * 3))),
    ):
        draws = read_draws(path)
        assert draws.counts.tolist() == [2, 1]
        assert json.loads(str(draws.prompts[1])) == chats[1]


def test_columns_are_mapped_and_further_numbers_kept() -> None:
    frame = table(
        q=["a", "b"], score=[1, 2], logp=[-3.0, None], note=["x", "y"], text=["s", "t"]
    )
    draws = read_draws(
        frame, prompt="q", reward="score", columns={"log_prob_policy": "logp"}, texts="text"
    )
    assert list(draws.columns) == ["log_prob_policy"]
    np.testing.assert_array_equal(draws.column("log_prob_policy"), [-3.0, np.nan])
    assert draws.texts is not None
    assert list(draws.texts) == ["s", "t"]


def test_all_numbers_are_kept_by_default_and_none_when_so_asked() -> None:
    everything = read_draws(EXAMPLE, reward="sentiment")
    assert {"relevance", "log_prob_reference", "tokens", "finished"} <= set(everything.columns)
    assert not read_draws(EXAMPLE, reward="sentiment", columns=()).columns


def test_responses_follow_their_draws() -> None:
    frame = table(prompt=["a", "b", "a"], reward=[1, 2, 3], response=["x", "y", None])
    texts = read_draws(frame).texts
    assert texts is not None
    assert list(texts) == ["x", "", "y"]
    assert list(texts[1:]) == ["", "y"]
    assert texts[-1] == "y"
    with pytest.raises(IndexError):
        texts[3]
    assert read_draws(frame, texts=None).texts is None


def test_only_the_policy_asked_for_is_read() -> None:
    frame = table(prompt=["a", "a", "b"], reward=[1, 2, 3], policy=["x", "y", "y"])
    assert read_draws(frame, policy="y").rewards.tolist() == [2.0, 3.0]


def test_the_example_reads_as_its_author_says() -> None:
    draws = read_draws(EXAMPLE, reward="sentiment")
    assert draws.counts.tolist() == [256] * 24
    assert round(float((draws.rewards == 0).mean()), 2) == 0.17


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(-9, 9)), min_size=1))
def test_grouping_agrees_with_the_constructor(rows: list[tuple[str, int]]) -> None:
    prompts, rewards = [row[0] for row in rows], [float(row[1]) for row in rows]
    ours = read_draws(pl.DataFrame({"prompt": prompts, "reward": rewards}))
    plain = Draws.from_columns(prompt=prompts, reward=rewards)
    assert ours.prompts == plain.prompts
    assert ours.rewards.tolist() == plain.rewards.tolist()
    assert ours.offsets.tolist() == plain.offsets.tolist()


def test_draws_of_a_shuffled_table_keep_their_order() -> None:
    rng = np.random.default_rng(0)
    prompts = rng.integers(0, 400, size=50_000)
    draws = read_draws(pl.DataFrame({"prompt": prompts, "reward": np.arange(50_000.0)}))
    assert (np.diff(draws.rewards) > 0).sum() == 50_000 - 400
    np.testing.assert_array_equal(
        np.repeat(draws.prompts, draws.counts), prompts[draws.rewards.astype(int)]
    )


def test_different_prompts_may_number_their_draws_alike() -> None:
    frame = table(prompt=["a", "a", "b", "b"], draw=[1, 0, 1, 2], reward=[1, 2, 3, 4])
    assert len(read_draws(frame)) == 4


def test_missing_rewards_are_dropped_with_count_and_names() -> None:
    frame = table(prompt=["a", "a", "b", "c"], reward=[1.0, None, float("nan"), 2.0])
    told = r"left out 2 of 4 draws, .*'a' \(1\), 'b' \(1\).* no draw is left of prompt 'b'"
    with pytest.warns(KlimitWarning, match=told):
        draws = read_draws(frame, missing="drop")
    assert draws.prompts == ("a", "c")
    assert draws.rewards.tolist() == [1.0, 2.0]


CASES: dict[str, tuple[bytes, str]] = {
    "missing_column.csv": (
        b"prompt,score\na,1\n",
        "column 'reward': .* the table has 'prompt', 'score'; did you mean reward='score'",
    ),
    "misspelt.csv": (
        b"Prompt,reward\na,1\n",
        r"did you mean prompt='Prompt' \(--prompt Prompt\)",
    ),
    "text.csv": (b"prompt,reward\na,1\nb,good\n", "row 3, column 'reward': .* text 'good'"),
    "thousands.csv": (
        b'prompt,reward\na,"1,234"\n',
        "row 2, .*'1,234'; write it with a decimal",
    ),
    "inf.csv": (b"prompt,reward\na,1\nb,inf\n", "row 3, column 'reward': .*finite.* got inf"),
    "nan.csv": (
        b"prompt,reward\na,1\nb,nan\n",
        r"row 3, column 'reward': .* got nan; 1 of 2 are missing \(prompt 'b' \(1\)\)",
    ),
    "na.csv": (b"prompt,reward\na,1\nb,N/A\nb,\n", "row 3, .* got nothing; 2 of 3 are missing"),
    "all_missing.csv": (b"prompt,reward\na,\nb,\n", "got none, 2 of 2 are missing; score"),
    "empty.csv": (b"", r"needed a table, got an empty file \(0 bytes\)"),
    "blank.csv": (b" \n\n", "got an empty file"),
    "header_only.csv": (b"prompt,reward\n", "got a table without rows"),
    "long_row.csv": (b"prompt,reward\na,1\nb,2,3\n", "row 3: needed 2 cells .*, got 3"),
    "long_row_beyond_what_is_read.csv": (
        b"prompt,reward,note\na,1,x\nb,2,y,z\n",
        "row 3: needed 3 cells .*, got 4",
    ),
    "open_quote.csv": (b'prompt,reward\n"a,1\nb,2\n', "row 3: needed CSV, got broken quotes"),
    "stray_quote.csv": (
        b'prompt,reward\na,1\nb"c,2\n',
        "row 3: needed CSV, got a quotation mark out of place",
    ),
    "twice.csv": (b"prompt,reward,reward\na,1,2\n", "row 1: .*got 'reward' twice"),
    "no_prompt.csv": (b"prompt,reward\na,1\n,2\n", "row 3, column 'prompt': needed a prompt"),
    "latin1.csv": (
        "prompt,reward\na,1\nété,2\n".encode("latin-1"),
        "row 3: needed UTF-8 text, got the byte 0xe9",
    ),
    "utf16.csv": ("prompt,reward\na,1\n".encode("utf-16"), "needed UTF-8 text, got UTF-16"),
    "no_mark.csv": ("prompt,reward\na,1\n".encode("utf-16-le"), "got UTF-16"),
    "duplicate.csv": (
        b"prompt,draw,reward\na,0,1\nb,0,1\na,0,2\n",
        r"row 4, column 'draw': .* draw 0 of prompt 'a' again \(first in row 2\)",
    ),
    "two_policies.csv": (
        b"prompt,reward,policy\na,1,x\na,2,y\n",
        r"column 'policy': .* got 2 \('x', 'y'\); take one with policy='x' \(--policy x\)",
    ),
    "broken.jsonl": (
        b'{"prompt":"a","reward":1}\n\n{"prompt":"a","rew\n',
        "row 3: needed one JSON object on the line",
    ),
    "text.jsonl": (
        b'{"prompt":"a","reward":1}\n{"prompt":"a","reward":"2"}\n',
        "row 2, column 'reward': .* text '2'; write the number without quotes",
    ),
    "late_text.jsonl": (
        b'{"prompt":"a","reward":1}\n' * 2000 + b'{"prompt":"a","reward":"2"}\n',
        "row 2001, column 'reward'",
    ),
    "lists.jsonl": (
        b'{"prompt":"a","reward":[1,2]}\n{"prompt":"b","reward":[1]}\n',
        "row 1, column 'reward': .* a list of 2; write one row a draw",
    ),
    "no_objects.jsonl": (b'{"prompt":"a","reward":1}\n[1, 2]\n', "row 2: needed a JSON object"),
    "pandas_default.json": (
        b'{"prompt":{"0":"a"},"reward":{"0":1.0}}',
        r"object .* orient='records', lines=True",
    ),
    "missing_key.jsonl": (
        b'{"prompt":"a","reward":1}\n{"prompt":"b"}\n',
        "row 2, .* got nothing",
    ),
    "null_after_blank.jsonl": (
        b'{"prompt":"a","reward":1}\n\n{"prompt":"b","reward":null}\n',
        "row 3, .* got nothing",
    ),
    "inf.jsonl": (
        b'{"prompt":"a","reward":1}\n\n{"prompt":"a","reward":-Infinity}\n',
        "row 3.*-inf",
    ),
    "huge.jsonl": (b'{"prompt":"a","reward":1' + b"0" * 400 + b"}\n", "row 1.* got inf"),
    "broken.json": (b'[{"prompt":"a","reward":1},', "got broken JSON"),
    "half.parquet": (parquet(FRAME)[:-40], "cut off or damaged"),
    "half.csv.gz": (
        gzip.compress(b"prompt,reward\na,1\n" * 99)[:-20],
        "needed whole gzip data",
    ),
    "sheet.xlsx": (b"PK\x03\x04 workbook", "Excel workbook"),
    "random.bin": (bytes(range(256)), "got binary data"),
    "text.parquet": (
        parquet(table(prompt=["a", "a"], reward=["1", "good"])),
        "row 2, column 'reward': .* text 'good'; convert",
    ),
    "lists.parquet": (
        parquet(table(prompt=["a", "b"], reward=[[1.0, 2.0], [1.0]])),
        "row 1, column 'reward': .* a list of 2; write one row a draw",
    ),
    "null_prompt.parquet": (
        parquet(table(prompt=["a", None], reward=[1.0, 2.0])),
        "row 2, column 'prompt'",
    ),
    "damaged.arrow": (b"\xff\xff\xff\xff and more", "needed an Arrow file, got none"),
    "inf.parquet": (
        parquet(table(prompt=["a", "b"], reward=[1.0, float("-inf")])),
        "row 2, column 'reward': .* got -inf",
    ),
    "no_rows.parquet": (parquet(FRAME.clear()), "got a table without rows"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_table_gets_one_line(name: str, write: Callable[[str, bytes], Path]) -> None:
    data, told = CASES[name]
    path = write(name, data)
    with pytest.raises(InputError) as caught:
        read_draws(path)
    message = str(caught.value)
    assert re.search(told, message), message
    assert message.startswith(str(path))
    assert "\n" not in message


def test_the_row_after_blank_rows_is_counted_as_in_a_spreadsheet(
    write: Callable[[str, bytes], Path],
) -> None:
    path = write("gaps.csv", b"prompt,draw,reward\na,0,1\n,,\n\nb,0,2\na,0,3\n")
    with pytest.raises(InputError, match=r"row 6, .*\(first in row 2\)"):
        read_draws(path)


def test_a_path_that_is_no_file_is_refused_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "draws.csv").write_bytes(ENCODED["draws.csv"])
    with pytest.raises(InputError, match=r"no such file; did you mean .*draws.csv"):
        read_draws(tmp_path / "drows.csv")
    with pytest.raises(
        InputError, match=r"got a directory; name one of its files, .*draws.csv"
    ):
        read_draws(tmp_path)
    with pytest.raises(InputError, match="there is no folder"):
        read_draws(tmp_path / "nowhere" / "draws.csv")
    with pytest.raises(InputError, match="needed a path, '-' or a pandas"):
        read_draws(7)
    with pytest.raises(InputError, match="cannot be read: embedded null byte"):
        read_draws("a\0b")


def test_an_empty_pipe_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(InputError, match=r"standard input: .* empty file \(0 bytes\)"):
        read_draws("-")


def test_a_terminal_is_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    for stream in (None, terminal):
        monkeypatch.setattr("sys.stdin", stream)
        with pytest.raises(InputError, match="got a terminal; pipe a file into it"):
            read_draws("-")


def test_a_file_of_somebody_else_is_refused(
    write: Callable[[str, bytes], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    path = write("draws.csv", ENCODED["draws.csv"])
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"draws.csv: not allowed to read this file; check"):
        read_draws(path)


def test_a_column_that_is_not_there_is_named_with_the_likely_one() -> None:
    with pytest.raises(InputError, match=r"column 'scor': needed numbers.*mean 'score'\?"):
        read_draws(table(prompt=["a"], reward=[1.0], score=[2.0]), columns=["scor"])
    with pytest.raises(InputError, match=r"column 'text': needed the response of each draw"):
        read_draws(table(prompt=["a"], reward=[1.0], answer=["x"]), texts="text")


def test_a_policy_that_has_no_draws_is_refused_with_those_that_have() -> None:
    draws = table(prompt=["a", "b"], reward=[1.0, 2.0], policy=["x", "y"])
    with pytest.raises(InputError, match="needed draws of 'z', got 'x', 'y'"):
        read_draws(draws, policy="z")


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_further_column_that_turns_out_to_be_text_is_left_out(
    ending: str, write: Callable[[str, bytes], Path]
) -> None:
    cells = [*map(str, range(1500)), '"late"' if ending == "jsonl" else "late"]
    rows = (
        "".join(f'{{"prompt": 7, "reward": 1, "extra": {cell}}}\n' for cell in cells)
        if ending == "jsonl"
        else "prompt,reward,extra\n" + "".join(f"7,1,{cell}\n" for cell in cells)
    )
    draws = read_draws(write(f"draws.{ending}", rows.encode()))
    assert len(draws) == 1501
    assert draws.prompts == (7,)
    assert "extra" not in draws.columns


def test_ids_that_turn_out_to_be_text_are_all_text(write: Callable[[str, bytes], Path]) -> None:
    rows = "".join(f"{prompt},1\n" for prompt in [*range(1500), "late"])
    draws = read_draws(write("draws.csv", f"prompt,reward\n{rows}".encode()))
    assert set(map(type, draws.prompts)) == {str}


def test_prompts_of_any_kind_in_a_data_frame_are_told_apart_by_their_text() -> None:
    prompts = [("a", 1), ("a", 2), ("a", 1)]
    draws = read_draws(pd.DataFrame({"prompt": prompts, "reward": [1.0, 2.0, 3.0]}))
    assert draws.counts.tolist() == [2, 1]
    mixed = [{1}, 2, {1}]
    draws = read_draws(pd.DataFrame({"prompt": mixed, "reward": [1.0, 2.0, 3.0]}))
    assert draws.prompts == ("{1}", "2")


def test_an_odd_data_frame_is_refused() -> None:
    with pytest.raises(InputError, match="needed a pandas data frame, got Index"):
        read_draws(pd.Index([1, 2]))
    twice = pd.DataFrame([[1, 2]], columns=["reward", "reward"])
    with pytest.raises(
        InputError, match="needed columns of different names, got 'reward', 're"
    ):
        read_draws(twice)


@pytest.mark.parametrize("reward", [[1.0, "x"], [[1], [2, 3]], [object(), 1], ["1", None]])
def test_a_wrong_data_frame_gets_one_line(reward: list[object]) -> None:
    with pytest.raises(InputError, match="column 'reward': needed a number"):
        read_draws(pd.DataFrame({"prompt": ["a", "b"], "reward": reward}))


PRISTINE = [
    ENCODED["draws.csv"] * 3,
    b"prompt,reward,draw,response\n" + b'a,0.5,0,"x, y"\nb,1,0,z\na,2,1,\n' * 1,
    ENCODED["draws.jsonl"] * 3,
    ENCODED["array.json"],
    ENCODED["draws.parquet"],
    ENCODED["draws.arrow"],
    ENCODED["draws.csv.gz"],
]


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(PRISTINE),
    st.lists(
        st.tuples(st.integers(0, 5000), st.binary(max_size=3), st.integers(0, 9)), max_size=6
    ),
    st.none() | st.integers(0, 5000),
    st.sampled_from(["fail", "drop"]),
)
def test_a_mutilated_file_gives_draws_or_one_line(
    tmp_path_factory: pytest.TempPathFactory,
    data: bytes,
    edits: list[tuple[int, bytes, int]],
    end: int | None,
    missing: Literal["fail", "drop"],
) -> None:
    mutilated = bytearray(data)
    if data.startswith((b"PAR1", b"ARROW1")):
        edits = []  # polars aborts the process over some damaged pages: cut these files only
    for anywhere, patch, removed in edits:
        at = anywhere % (len(mutilated) + 1)
        mutilated[at : at + removed] = patch
    path = tmp_path_factory.getbasetemp() / "mutilated"
    path.write_bytes(bytes(mutilated[:end]))
    refused = ""
    draws = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", KlimitWarning)
            draws = read_draws(path, missing=missing)
    except KlimitError as error:
        refused = str(error)
    assert "\n" not in refused
    if draws is None:
        assert str(path) in refused
    else:
        assert np.isfinite(draws.rewards).all()
        assert draws.offsets[-1] == len(draws)
