"""``klimit frontier`` for people, pipes and scripts."""

import json
import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest
from inline_snapshot import snapshot

from klimit import InputError, __version__, estimate_frontier, read_draws
from klimit.cli.console import hushed
from tests.cli.conftest import EXAMPLE, Klimit

COMMAND = [sys.executable, "-m", "klimit", "frontier"]


@pytest.mark.usefixtures("_on_a_terminal")
def test_a_person_sees_a_table(klimit: Klimit) -> None:
    ended = klimit("frontier", "EXAMPLE", "--reward", "sentiment", "--kl", "0.5,1", "--kl", "4")
    assert ended.code == 0
    assert ended.err == ""
    assert [line.rstrip() for line in ended.out.splitlines()] == snapshot(
        [
            "Largest sentiment within each KL budget: smollm2_draws.parquet",
            " KL   beta        sentiment     95% interval    ESS",
            "0.5  3.226    0.696 ± 0.024    0.641 … 0.742  118.2",
            "  1  6.429    0.807 ± 0.017    0.770 … 0.840   65.0",
            "  4  71.19  0.9593 ± 0.0065  0.9419 … 0.9844    3.4  NOT SUPPORTED",
            "! KL 4: the data do not support it, effective sample size 3.4 of 256",
            "The reference itself: 0.316 ± 0.034. These draws support budgets up to 3.61",
            "nats; their best rewards are reached at 5.55 nats.",
            "klimit 0.1.0 · 6144 draws of 24 prompts · pooled budgets · sampled prompts · 95%",
            "intervals: t, clustered by prompt",
        ]
    )


def test_a_pipe_gets_tab_separated_values(klimit: Klimit) -> None:
    ended = klimit("frontier", "EXAMPLE", "--reward", "sentiment", "--kl", "1,4")
    lines = [line.split("\t") for line in ended.out.splitlines()]
    assert lines[0] == [
        *("kl", "beta", "reward", "standard_error", "low", "high"),
        *("ess", "pareto_k", "supported", "reason"),
    ]
    points = estimate_frontier(read_draws(EXAMPLE, reward="sentiment"), kl=[1.0, 4.0]).points
    assert [float(line[2]) for line in lines[1:]] == [point.reward.value for point in points]
    assert [line[8] for line in lines[1:]] == ["true", "false"]
    assert f"klimit {__version__}" in ended.err
    assert "KL 4: the data do not support it" in ended.err


def test_json_is_strict_and_names_version_and_input(klimit: Klimit) -> None:
    ended = klimit("frontier", "EXAMPLE", "--reward", "sentiment", "--kl", "inf", "--json")
    found = json.loads(ended.out, parse_constant=pytest.fail)
    assert found["klimit"] == __version__
    assert found["input"] == "smollm2_draws.parquet"
    assert found["points"][0]["beta"] == "inf"
    assert found["points"][0]["supported"] is False
    assert found["prompt_count"] == 24


def test_options_reach_the_estimator(klimit: Klimit) -> None:
    options = ["--pooling", "per-prompt", "--prompts", "fixed", "--level", "0.8"]
    ended = klimit("frontier", "EXAMPLE", "--reward", "length", "--kl", "1", "--json", *options)
    expected = estimate_frontier(
        read_draws(EXAMPLE, reward="length"),
        kl=1.0,
        pooling="per-prompt",
        prompts="fixed",
        level=0.8,
    )
    assert json.loads(ended.out)["points"] == [point.to_dict() for point in expected.points]


def test_standard_input_is_read_from_a_pipe() -> None:
    with Path(EXAMPLE).open("rb") as table:
        ended = subprocess.run(
            [*COMMAND, "-", "--reward", "sentiment", "--kl=1"],
            stdin=table,
            capture_output=True,
            check=True,
            text=True,
        )
    assert ended.stdout.startswith("kl\tbeta\treward\t")
    assert ended.stdout.count("\n") == 2


def test_a_real_terminal_gets_the_table() -> None:
    reader, terminal = pty.openpty()
    environment = os.environ | {"COLUMNS": "80", "TERM": "dumb"}
    subprocess.run(
        [*COMMAND, EXAMPLE, "--reward", "sentiment", "--kl", "1"],
        stdout=terminal,
        env=environment,
        check=True,
    )
    os.close(terminal)
    shown = os.read(reader, 10_000).decode()
    os.close(reader)
    assert "0.807 ± 0.017" in shown
    assert "95% interval" in shown


@pytest.mark.parametrize(
    ("condition", "code", "told"),
    [
        ("reward>=0.77@kl=1", 0, "require: reward>=0.77@kl=1 met: reward is 0.807 ± 0.017"),
        ("reward>=0.8@kl=1", 1, "error: reward>=0.8@kl=1 not met by 0.02"),
        ("reward<=0.85@kl=1", 0, "the upper end of its 95% interval 0.839"),
        ("reward<=0.81@kl=1", 1, "not met by 0.0297"),
        ("reward>=0.1@kl=4", 1, "not met: the data do not support it, effective sample size 3"),
        ("reward>=0.1@kl=3.9", 1, "not met: the data do not support it"),
    ],
)
def test_a_requirement_is_judged_by_the_end_of_the_interval_against_us(
    condition: str, code: int, told: str, klimit: Klimit
) -> None:
    ended = klimit(
        "frontier", "EXAMPLE", "--reward", "sentiment", "--kl", "1,4", "--require", condition
    )
    assert ended.code == code
    assert told in ended.err


def test_several_requirements_must_all_be_met(klimit: Klimit) -> None:
    easy, hard = "reward>=0.1@kl=1", "reward>=0.99@kl=1"
    call = ["frontier", "EXAMPLE", "--reward", "sentiment", "--json", "--require"]
    assert klimit(*call, easy).code == 0
    ended = klimit(*call, easy, "--require", hard)
    assert ended.code == 1
    assert [entry["met"] for entry in json.loads(ended.out)["requirements"]] == [True, False]


@pytest.mark.parametrize(
    "condition",
    [
        *("reward", "reward>0.4@kl=1", "reward>=x@kl=1", "reward>=0.4", "kl>=0.4@kl=1"),
        *("reward>=0.4@n=1", "reward>=nan@kl=1", "reward>=0.4@kl=-1", "reward>=0.4@kl=1@kl=2"),
        *("", "reward>=@kl=1", "reward>=0.4@kl=nan"),
    ],
)
def test_a_requirement_that_is_none_is_a_usage_error(condition: str, klimit: Klimit) -> None:
    ended = klimit("frontier", "EXAMPLE", "--require", condition)
    assert ended.code == 2
    assert "such as 'reward>=0.4@kl=1'" in ended.err


@pytest.mark.parametrize("suffix", ["parquet", "csv", "md"])
def test_the_table_is_written_to_a_file(suffix: str, klimit: Klimit, tmp_path: Path) -> None:
    path = tmp_path / f"table.{suffix}"
    ended = klimit(
        "frontier", "EXAMPLE", "--reward", "sentiment", "--kl", "1,4", "--out", str(path)
    )
    assert ended.code == 0
    assert f"wrote {path}" in ended.err
    if suffix == "md":
        assert path.read_text(encoding="utf-8").startswith("| kl | beta | reward |")
    else:
        table = (pl.read_parquet if suffix == "parquet" else pl.read_csv)(path)
        assert table["kl"].to_list() == [1.0, 4.0]
        assert table["supported"].to_list() == [True, False]


@pytest.mark.parametrize(
    ("tokens", "code", "told"),
    [
        (["nowhere.parquet"], 1, "error: nowhere.parquet: no such file"),
        (["."], 1, "error: .: needed a file, got a directory"),
        (["EXAMPLE"], 1, "did you mean --reward sentiment?"),
        (
            ["EXAMPLE", "--reward", "sentiment", "--kl", "-1"],
            2,
            "--kl: needed numbers, at least 0, as 0.5,1,2, got '-1'",
        ),
        (["EXAMPLE", "--reward", "sentiment", "--level", "2"], 2, "level"),
        (["EXAMPLE", "--out", "x.xlsx"], 1, "ends in .parquet, .csv, .md, got 'x.xlsx'"),
        (["EXAMPLE", "--out", "nowhere/x.csv"], 1, "there is no folder 'nowhere'"),
        (["EXAMPLE", "--out", "EXAMPLE"], 1, "is the table of draws; write to another file"),
        (["EXAMPLE", "--plot", "x.bmp"], 1, "ends in .svg, .png, .pdf, got 'x.bmp'"),
        (["EXAMPLE", "--kl", "many"], 2, "as 0.5,1,2, got 'many'"),
        (["EXAMPLE", "--kl", "1,,2"], 2, "as 0.5,1,2, got '1,,2'"),
        (["EXAMPLE", "--missing", "guess"], 2, "--missing"),
        (["--nonsense"], 2, "there is no option --nonsense"),
        ([], 2, "DRAWS requires an argument"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_an_exit_code(
    tokens: list[str], code: int, told: str, klimit: Klimit
) -> None:
    ended = klimit("frontier", *tokens)
    assert ended.code == code
    assert told in ended.err
    assert ended.err.count("\n") == 1
    assert ended.out == ""


def test_draws_left_out_are_counted_on_stderr(klimit: Klimit, tmp_path: Path) -> None:
    path = tmp_path / "draws.csv"
    path.write_text("prompt,reward\na,1\na,0\nb,\nb,2\nb,1\n", encoding="utf-8")
    assert klimit("frontier", str(path), "--kl", "0").code == 1
    ended = klimit("frontier", str(path), "--kl", "0", "--missing", "drop")
    assert ended.code == 0
    assert (
        f"warning: {path}: left out 1 of 5 draws, which have no reward: prompt 'b' (1)"
        in ended.err
    )


def test_a_damaged_file_gets_one_line_whatever_polars_writes(tmp_path: Path) -> None:
    path = tmp_path / "damaged.parquet"
    frame = pl.DataFrame({"prompt": ["a", "b", "a"], "reward": [0.5, -1.0, 2.0]})
    frame.write_parquet(path)
    data = bytearray(path.read_bytes())
    data[131] = 1  # polars 2.1 panics over this byte
    path.write_bytes(bytes(data))
    ended = subprocess.run(
        [*COMMAND, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"error: {path}: ")
    assert ended.stderr.count("\n") == 1


def test_what_is_written_while_all_goes_well_is_kept(capfd: pytest.CaptureFixture[str]) -> None:
    with hushed():
        os.write(2, b"heard\n")
    with suppress(InputError), hushed():
        os.write(2, b"unheard\n")
        raise InputError("damaged")
    assert capfd.readouterr().err == "heard\n"


@pytest.mark.usefixtures("_on_a_terminal")
def test_hostile_names_are_shown_as_they_are(
    klimit: Klimit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("[red]draws\x1b[31m.csv")
    path.write_text("prompt,[bold]r\na,1\nb,2\n", encoding="utf-8")
    ended = klimit("frontier", str(path), "--reward", "[bold]r", "--kl", "0")
    assert ended.code == 0
    assert "\x1b" not in ended.out
    title, header = ended.out.splitlines()[:2]
    assert title.endswith(r": [red]draws\x1b[31m.csv")
    assert "[bold]r" in header


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_a_figure_is_drawn(suffix: str, klimit: Klimit, tmp_path: Path) -> None:
    path = tmp_path / f"frontier.{suffix}"
    draws = tmp_path / "draws.csv"
    rows = "".join(
        f"{prompt},{(7 * draw + prompt) % 11}\n" for prompt in range(9) for draw in range(16)
    )
    draws.write_text("prompt,reward\n" + rows, encoding="utf-8")
    ended = klimit("frontier", str(draws), "--kl", "0.5,inf", "--plot", str(path))
    assert ended.code == 0
    assert f"drew {path}" in ended.err
    assert path.read_bytes().startswith(
        {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}[suffix]
    )
