"""The rarer answers of commands, each as a person gets it."""

import json
from pathlib import Path

import numpy as np
import pytest

from klimit.cli import app
from klimit.cli.audit_requirements import AuditRequirement
from klimit.cli.demo_run import _place
from klimit.models.weights import KNOWN_WEIGHTS
from tests.cli.conftest import Klimit
from tests.cli.test_wrong_tables import as_csv, good_rows


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "draws.csv"
    path.write_bytes(as_csv(good_rows()))
    return str(path)


def test_a_warning_of_python_itself_is_shown_as_python_shows_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = ("tests.cli.commands_for_tests:finish", "")
    monkeypatch.setitem(app.COMMANDS, "finish", line)
    with pytest.warns(DeprecationWarning, match="soon gone"):
        assert app.run(["finish", "deprecated"]) == 0


def test_a_reader_who_left_ends_the_command_with_its_own_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = ("tests.cli.commands_for_tests:finish", "")
    monkeypatch.setitem(app.COMMANDS, "finish", line)
    monkeypatch.setattr(app, "_forget_stdout", lambda: None)
    assert app.run(["finish", "alone"]) == app.BROKEN_PIPE


def test_symbols_of_draws_are_named_on_the_page(klimit: Klimit, tmp_path: Path) -> None:
    path = tmp_path / "coins.csv"
    path.write_text("prompt,reward\n" + "a,0\na,1\nb,1\n", encoding="utf-8")
    asked = ("--claim", "1", "--from-draws", str(path), "--lengths", "5,10")
    ended = klimit("asymptotics", *asked, "--out", str(tmp_path / "page"))
    assert ended.code == 0
    page = (tmp_path / "page" / "asymptotics.html").read_text(encoding="utf-8")
    assert f"draws: {path}, all prompts together, each reward a symbol" in page


def test_prompts_that_are_no_text_are_refused(
    klimit: Klimit, table: str, tmp_path: Path
) -> None:
    path = tmp_path / "prompts.txt"
    path.write_bytes(b"caf\xe9\n")
    ended = klimit("audit", table, "--reference", table, "--trained-on", str(path))
    assert (ended.code, ended.err) == (
        1,
        f"error: {path}: needed UTF-8 text, one prompt a line\n",
    )


def test_a_points_own_numbers_are_judged_as_they_are() -> None:
    met = AuditRequirement("kl", "<=", 2.0)._as_given(1.5)  # noqa: SLF001
    assert (met.met, met.line) == (True, "kl<=2 met: kl is 1.5")
    unmet = AuditRequirement("reward", ">=", 2.0)._as_given(1.5)  # noqa: SLF001
    assert (unmet.met, unmet.line) == (False, "reward>=2 not met by 0.5: reward is 1.5")


@pytest.mark.usefixtures("_on_a_terminal")
def test_an_n_that_no_interval_can_be_given_for_is_marked(
    klimit: Klimit, tmp_path: Path
) -> None:
    path = tmp_path / "passes.csv"
    rows = "".join(f"{p},{int(p == 'a' and k == 0)}\n" for p in "abcdef" for k in range(32))
    path.write_text(f"prompt,reward\n{rows}", encoding="utf-8")
    assert "UNSUPPORTED" in klimit("best-of", str(path), "--n", "2,16").out


def test_the_weights_of_a_known_model_are_fetched_and_a_path_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("klimit.cli.models.fetch_with_progress", tmp_path.joinpath)
    assert _place("mine.gguf") == "mine.gguf"
    name = next(iter(KNOWN_WEIGHTS))
    assert _place(name) == str(tmp_path / name)


def test_divergences_of_whole_distributions_need_no_sums(
    klimit: Klimit, tmp_path: Path
) -> None:
    path = tmp_path / "exact.csv"
    rows = "".join(f"{'ab'[k % 2]},{k % 5},-{20 + k}\n" for k in range(20))
    path.write_text(f"prompt,kl_exact,log_prob_reference\n{rows}", encoding="utf-8")
    ended = klimit("kl", str(path), "--json")
    assert ended.code == 0
    assert json.loads(ended.out)["kl"]["value"] == pytest.approx(2.0)


def test_a_figure_without_a_folder_is_refused_before_anything_is_read(klimit: Klimit) -> None:
    ended = klimit("frontier", "none.csv", "--plot", "nowhere/x.svg")
    assert ended.err == "error: 'nowhere/x.svg': there is no folder 'nowhere'\n"


def test_a_length_without_responses_is_refused(klimit: Klimit, tmp_path: Path) -> None:
    path = tmp_path / "draws.csv"
    rows = "".join(f"{'ab'[k % 2]},{k}\n" for k in range(20))
    path.write_text(f"prompt,reward\n{rows}", encoding="utf-8")
    ended = klimit("overopt", str(path), "--gold", "length")
    assert (
        ended.err == f"error: {path}: needed a column 'length' or 'response' for the length\n"
    )


def test_draws_are_spread_without_a_file_too(klimit: Klimit, tmp_path: Path) -> None:
    path = tmp_path / "draws.csv"
    rewards = np.random.default_rng(0).normal(size=64).round(3).tolist()
    rows = "".join(f"{'abcd'[k % 4]},{reward}\n" for k, reward in enumerate(rewards))
    path.write_text(f"prompt,reward\n{rows}", encoding="utf-8")
    ended = klimit("plan", str(path), "--kl", "0.3", "--total-draws", "8", "--json")
    assert ended.code == 0
    assert sum(json.loads(ended.out)["allocation"]["n"]) == 8


@pytest.mark.parametrize("tokens", ["draw", "40"])
def test_lengths_are_a_column_or_a_number(klimit: Klimit, table: str, tokens: str) -> None:
    ended = klimit("plan", table, "--kl", "0.3", "--tokens", tokens, "--json")
    option = json.loads(ended.out)["options"][0]
    mean = 40.0 if tokens == "40" else np.mean([float(str(r["draw"])) for r in good_rows()])
    assert option["tokens"]["value"] == pytest.approx(mean * option["draws"]["value"])


def test_a_format_that_there_is_not_is_refused_with_those_that_are(
    klimit: Klimit, table: str
) -> None:
    ended = klimit("frontier", table, "--format", "exel")
    assert ended.code == 2
    assert "format must be one of parquet, arrow, jsonl" in ended.err


def test_a_checkpoint_stands_in_the_report(klimit: Klimit, table: str) -> None:
    ended = klimit("report", table, "--kl", "0.1", "--n", "2", "--checkpoint", table)
    assert ended.code == 0
    assert "How far is the checkpoint from the optimum?" in ended.out
