"""``klimit audit`` for people, pipes and scripts."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from klimit import Draws, audit, audit_by_prompt, audit_points, frontier
from tests.cli.conftest import Klimit
from tests.estimate.audit.models_for_tests import MODEL, small

POLICY, REFERENCE = small(prompts=40, draws=32)


def written(draws: Draws, path: Path, *, names: tuple[str, str] | None = None) -> str:
    """The draws as a table, its log-probabilities under other names if given."""
    columns = dict(draws.columns)
    if names is not None:
        columns = dict(zip(names, columns.values(), strict=True))
    table = {
        "prompt": np.repeat([f"prompt {i}" for i in draws.prompts], draws.counts),
        "reward": draws.rewards,
        **columns,
    }
    pl.DataFrame(table).write_parquet(path)
    return str(path)


def named(draws: Draws) -> Draws:
    prompts = tuple(f"prompt {i}" for i in draws.prompts)
    return Draws.from_blocks(prompts, draws.offsets, draws.rewards, draws.columns)


@pytest.fixture
def tables(tmp_path: Path) -> tuple[str, ...]:
    policy = written(POLICY, tmp_path / "policy.parquet")
    return policy, "--reference", written(REFERENCE, tmp_path / "reference.parquet")


@pytest.fixture
def run(tmp_path: Path, tables: tuple[str, ...]) -> tuple[str, ...]:
    kl = np.linspace(0.05, 1.4, 10)
    useful = np.where(kl < 0.6, kl, 0.6 + 0.2 * (kl - 0.6))
    reward = [frontier(MODEL).at_kl(x).mean_reward - 0.05 for x in useful]
    path = tmp_path / "points.csv"
    pl.DataFrame({"step": 50 * np.arange(10), "kl": kl, "reward": reward}).write_csv(path)
    return "--points", str(path), *tables[1:]


def test_the_reference_may_come_in_another_format(
    klimit: Klimit, tables: tuple[str, ...], tmp_path: Path
) -> None:
    log = tmp_path / "policy.log"
    log.write_text(pl.read_parquet(tables[0]).write_ndjson())
    asked = "--reference-format", "parquet", "--json"
    ended = klimit("audit", str(log), *tables[1:], "--format", "jsonl", *asked)
    whole = klimit("audit", *tables, "--json")
    assert (ended.code, whole.code) == (0, 0)
    assert json.loads(ended.out)["kl"] == json.loads(whole.out)["kl"]


@pytest.mark.usefixtures("_on_a_terminal")
def test_a_person_sees_what_was_gained_of_what_could_be(
    klimit: Klimit, tables: tuple[str, ...]
) -> None:
    ended = klimit("audit", *tables, "--budget", "0.3")
    assert ended.code == 0
    lines = [line.strip() for line in ended.out.splitlines()]
    assert any(line.startswith("KL, nats a response  0.6") for line in lines)
    assert any(line.startswith("efficiency") for line in lines)
    assert any(line.startswith("! over-budget: the KL is") for line in lines)
    assert "of a possible" in ended.out
    assert "at 40 prompts" in " ".join(lines)


def test_json_agrees_with_the_library(klimit: Klimit, tables: tuple[str, ...]) -> None:
    told = json.loads(klimit("audit", *tables, "--json").out)
    found = audit(named(POLICY), reference=named(REFERENCE)).to_dict()
    for name in ("kl", "frontier_reward", "reward_gap", "excess_kl", "efficiency", "findings"):
        assert told[name] == found[name]
    assert told["command"] == "audit"


def test_a_pipe_gets_a_row_a_number(klimit: Klimit, tables: tuple[str, ...]) -> None:
    header, *rows = (line.split("\t") for line in klimit("audit", *tables).out.splitlines())
    assert header[:3] == ["quantity", "value", "standard_error"]
    assert [row[0] for row in rows] == [
        "kl",
        "mean_reward",
        "gain",
        "frontier_reward",
        "reward_gap",
        "efficiency",
        "excess_kl",
        "divergence",
    ]


@pytest.mark.parametrize(
    ("condition", "code", "told"),
    [
        ("efficiency>=0.8", 0, "require: efficiency>=0.8 met: efficiency is 0.9"),
        ("efficiency >= 0.99", 1, "error: efficiency>=0.99 not met by 0.1"),
        ("kl<=0.7", 0, "the upper end of its 95% interval 0.66"),
        ("reward>=2", 0, "require: reward>=2 met"),
        ("excess_kl<=0.001", 1, "not met by 0.1"),
        ("efficiency>=0.8@kl=1", 2, "such as 'efficiency>=0.8'"),
        ("speed>=1", 2, "needed efficiency, reward_gap"),
        ("efficiency>=x", 2, "a number"),
    ],
)
def test_requirements_are_judged(
    condition: str, code: int, told: str, klimit: Klimit, tables: tuple[str, ...]
) -> None:
    ended = klimit("audit", *tables, "--require", condition)
    assert ended.code == code
    assert told in ended.err


def test_numbers_of_a_policy_too_alike_never_pass(klimit: Klimit, tmp_path: Path) -> None:
    alike = Draws.from_blocks(
        POLICY.prompts, POLICY.offsets, np.ones(len(POLICY)), POLICY.columns
    )
    policy = written(alike, tmp_path / "alike.parquet")
    reference = written(REFERENCE, tmp_path / "reference.parquet")
    for condition in ("kl<=9", "reward>=0", "gain>=-9", "efficiency>=0"):
        ended = klimit("audit", policy, "--reference", reference, "--require", condition)
        assert ended.code == 1
        assert "draws of the policy differ from the common reward" in ended.err


def test_numbers_beyond_the_data_never_pass(klimit: Klimit, tmp_path: Path) -> None:
    columns = {**POLICY.columns, "log_prob_policy": POLICY.columns["log_prob_policy"] + 5.0}
    far = Draws.from_blocks(POLICY.prompts, POLICY.offsets, POLICY.rewards, columns)
    policy = written(far, tmp_path / "far.parquet")
    reference = written(REFERENCE, tmp_path / "reference.parquet")
    ended = klimit("audit", policy, "--reference", reference, "--require", "reward_gap<=9")
    assert ended.code == 1
    assert "the data do not support it" in ended.err


def test_columns_are_named_by_options(
    klimit: Klimit, tmp_path: Path, tables: tuple[str, ...]
) -> None:
    other = written(POLICY, tmp_path / "other.parquet", names=("ours", "theirs"))
    options = ("--log-prob-policy", "ours", "--log-prob-reference", "theirs")
    plain = klimit("audit", *tables).out
    assert klimit("audit", other, *tables[1:], *options).out == plain
    refused = klimit("audit", other, *tables[1:], "--log-prob-policy", "mine")
    assert refused.code == 1
    assert "column 'mine': needed log-probabilities in nats" in refused.err
    bare = klimit("audit", other, *tables[1:])
    assert bare.code == 1
    assert "log_prob_policy and log_prob_reference missing" in bare.err


def test_each_prompt_has_its_row(
    klimit: Klimit, tmp_path: Path, tables: tuple[str, ...]
) -> None:
    path = tmp_path / "prompts.csv"
    assert klimit("audit", *tables, "--by-prompt", str(path)).code == 0
    rows = pl.read_csv(path)
    found = audit_by_prompt(named(POLICY), reference=named(REFERENCE))
    assert rows.height == 40
    assert rows["divergence"].to_numpy() == pytest.approx(found.divergence)


def test_prompts_that_were_trained_on_are_found(
    klimit: Klimit, tmp_path: Path, tables: tuple[str, ...]
) -> None:
    path = tmp_path / "trained.txt"
    path.write_text("prompt 3\nprompt 5\nprompt 99\n", encoding="utf-8")
    ended = klimit("audit", *tables, "--trained-on", str(path))
    assert "prompts-leaked: 2 of 40 prompts were trained on" in ended.err


@pytest.mark.usefixtures("_on_a_terminal")
def test_a_run_is_shown_with_its_knee(klimit: Klimit, run: tuple[str, ...]) -> None:
    ended = klimit("audit", *run)
    assert ended.code == 0
    assert "The knee is at KL 0.6" in ended.out
    assert "after step 150" in " ".join(ended.out.split())


def test_a_run_as_json_agrees_with_the_library(klimit: Klimit, run: tuple[str, ...]) -> None:
    told = json.loads(klimit("audit", *run, "--json").out)
    points = pl.read_csv(run[1])
    found = audit_points(
        kl=points["kl"].to_numpy(),
        reward=points["reward"].to_numpy(),
        step=points["step"].to_numpy(),
        reference=named(REFERENCE),
    )
    assert told["knee"] == found.to_dict()["knee"]
    assert told["points"][3]["efficiency"] == found.points[3].efficiency.to_dict()


def test_a_requirement_on_a_run_is_for_its_last_point(
    klimit: Klimit, run: tuple[str, ...]
) -> None:
    ended = klimit("audit", *run, "--require", "kl<=1.3")
    assert ended.code == 1
    assert "kl is 1.4" in ended.err
    assert "gain of points is not told" in klimit("audit", *run, "--require", "gain>=0").err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("step,kl\n1,0.1\n", "column 'reward': needed the KL"),
        ("kl,reward\n0.1,0.2\n0.3,\n", "row 3, column 'reward': needed a finite number"),
        ("kl,reward\n0.1,a\n", "needed a number, got the text 'a'"),
        ("kl,reward\n", "checkpoint"),
    ],
)
def test_a_wrong_table_of_points_is_one_line(
    text: str, told: str, klimit: Klimit, tmp_path: Path, tables: tuple[str, ...]
) -> None:
    path = tmp_path / "points.csv"
    path.write_text(text, encoding="utf-8")
    ended = klimit("audit", "--points", str(path), *tables[1:])
    assert ended.code == 1
    assert told in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize("both", [True, False])
def test_draws_or_points_are_needed(
    klimit: Klimit, tables: tuple[str, ...], *, both: bool
) -> None:
    tokens = (*tables, "--points", "x.csv") if both else tables[1:]
    ended = klimit("audit", *tokens)
    assert ended.code == 1
    assert "one of the two" in ended.err


def test_options_of_draws_are_refused_for_points(klimit: Klimit, run: tuple[str, ...]) -> None:
    assert "need the policy's draws" in klimit("audit", *run, "--budget", "1").err


@pytest.mark.parametrize("what", ["tables", "run"])
def test_figures_are_drawn(
    what: str, klimit: Klimit, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    path = tmp_path / "audit.svg"
    tokens = request.getfixturevalue(what)
    assert klimit("audit", *tokens, "--plot", str(path)).code == 0
    drawn = path.read_text(encoding="utf-8")
    expected = {"tables": ["policy", "reward-gap", "excess-kl"], "run": ["run", "knee"]}
    assert all(f'id="{gid}"' in drawn for gid in expected[what])


@pytest.mark.parametrize("what", ["tables", "run"])
@pytest.mark.parametrize("ending", ["html", "md"])
def test_a_page_holds_the_audit(
    what: str, ending: str, klimit: Klimit, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    path = tmp_path / f"audit.{ending}"
    tokens = request.getfixturevalue(what)
    assert klimit("audit", *tokens, "--page", str(path)).code == 0
    page = path.read_text(encoding="utf-8")
    assert "can buy" in page
    assert "efficiency" in page
    assert {"tables": "farthest from it", "run": "The knee is at KL"}[what] in page
    assert path.stat().st_size < 200_000


def test_a_page_beyond_the_draws_says_so(klimit: Klimit, tmp_path: Path) -> None:
    columns = {**POLICY.columns, "log_prob_policy": POLICY.columns["log_prob_policy"] + 9.0}
    far = Draws.from_blocks(POLICY.prompts, POLICY.offsets, POLICY.rewards, columns)
    policy = written(far, tmp_path / "far.parquet")
    reference = written(REFERENCE, tmp_path / "reference.parquet")
    path = tmp_path / "page.md"
    assert klimit("audit", policy, "--reference", reference, "--page", str(path)).code == 0
    page = path.read_text(encoding="utf-8")
    assert "The draws do not bear the frontier at that KL" in page
    assert "NOT SUPPORTED" in page
    assert "too-few-draws" in page
    assert "Prompt by prompt" not in page
