"""``klimit plan`` for people, pipes and scripts."""

import json
from pathlib import Path

import numpy as np
import pytest
from inline_snapshot import snapshot

from klimit import plan, read_draws
from tests.cli.conftest import EXAMPLE, Klimit


@pytest.mark.usefixtures("_on_a_terminal")
def test_a_person_sees_a_table(klimit: Klimit) -> None:
    ended = klimit("plan", "EXAMPLE", "--reward", "sentiment", "--reward", "0.9")
    assert ended.code == 0
    assert ended.err == ""
    assert [line.rstrip() for line in ended.out.splitlines()] == snapshot(
        [
            "To sentiment 0.9: smollm2_draws.parquet",
            "   method         setting        sentiment    KL  draws  tokens  +1 draw",
            "best of n            n=23  0.9010 ± 0.0085  2.18     23     842    0.002",
            "soft best  n=24 beta=76.8  0.9000 ± 0.0081  2.13     24     879   0.0017",
            "poisson>0       rate=23.4  0.9000 ± 0.0086  2.15   23.4     857    0.002",
            "1+poisson       rate=22.4  0.9000 ± 0.0086  2.15   23.4     855    0.002",
            "geometric        p=0.0178  0.8863 ± 0.0090  2.17   56.1    2053  0.00089  !",
            "rejection        r>=0.853  0.9007 ± 0.0023  2.41   13.4     490   0.0025  !",
            "    train         beta=19  0.9000 ± 0.0036  2.02      1    38.3",
            "! geometric: reward 0.9 is out of reach of these draws, the nearest is 0.8863 ±",
            "0.0090 at p=0.01784",
            "! rejection: 4 of 24 prompts have fewer than 10 draws at or above the threshold",
            "The reference itself: 0.316 ± 0.034; the best draws seen: 0.9584. +1 draw: what",
            "one more a response adds.",
            "Trainers take beta 19 as its inverse 0.05262, the KL coefficient, which TRL and",
            "DPO call beta.",
            "klimit 0.1.0 · 6144 draws of 24 prompts · sampled prompts · 95% intervals: t",
            "widened for skewness, clustered by prompt",
        ]
    )


def test_json_agrees_with_the_library(klimit: Klimit) -> None:
    ended = klimit("plan", "EXAMPLE", "--reward", "sentiment", "--kl", "0.5", "--json")
    draws = read_draws(EXAMPLE, reward="sentiment", columns=["tokens"], texts=None)
    found = json.loads(ended.out)
    assert found["options"] == plan(draws, kl=0.5).to_dict()["options"]
    assert found["target"] == "kl"


def test_a_pipe_gets_tab_separated_values(klimit: Klimit) -> None:
    arguments = ("--reward", "sentiment", "--kl", "0.3", "--price-per-million-tokens", "2")
    header, *lines = klimit("plan", "EXAMPLE", *arguments).out.splitlines()
    assert header.split("\t")[:3] == ["method", "setting", "reward"]
    assert len(lines) == 7
    for line in lines:
        row = dict(zip(header.split("\t"), line.split("\t"), strict=True))
        assert float(row["price"]) == pytest.approx(2e-6 * float(row["tokens"]))
        assert row["seconds"] == ""


@pytest.fixture
def table(tmp_path: Path) -> str:
    """A table without lengths whose rewards are called reward."""
    path = tmp_path / "draws.csv"
    rewards = np.random.default_rng(0).normal(size=(8, 64)).round(4)
    rows = [f"{prompt},{value}\n" for prompt, row in enumerate(rewards) for value in row]
    path.write_text("prompt,reward\n" + "".join(rows), encoding="utf-8")
    return str(path)


def test_a_number_is_a_target_and_a_word_a_column(table: str, klimit: Klimit) -> None:
    found = json.loads(klimit("plan", table, "--reward", "0.7", "--json").out)
    assert found["target"] == "reward"
    assert found["reward_needed"] == 0.7
    assert found["reward_column"] == "reward"
    assert found["options"][0]["tokens"] is None


def test_lengths_may_be_one_number(table: str, klimit: Klimit) -> None:
    ended = klimit(
        "plan", table, "--kl", "0.5", "--tokens", "40", "--tokens-per-second", "80", "--json"
    )
    first = json.loads(ended.out)["options"][0]
    assert first["seconds"]["value"] == pytest.approx(first["draws"]["value"] / 2)


@pytest.mark.parametrize(
    ("condition", "code", "told"),
    [
        ("draws<=8@method=best-of-n", 0, "met: draws is 5 ± 0 with best-of-n"),
        ("draws<=4@method=best-of-n", 1, "not met by 1"),
        ("kl<=0.9@method=rejection", 1, "not met by 0."),
        ("price<=1@method=best-of-n", 1, "price not known"),
        ("draws<=8@method=worst-of-n", 1, "the methods are best-of-n, soft-best-of-n"),
        ("luck>=1@method=best-of-n", 2, "such as 'draws<=8@method=best-of-n'"),
    ],
)
def test_requirements_are_judged(condition: str, code: int, told: str, klimit: Klimit) -> None:
    ended = klimit(
        "plan", "EXAMPLE", "--reward", "sentiment", "--kl", "0.85", "--require", condition
    )
    assert ended.code == code
    assert told in ended.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "needs one target, --kl, --reward with a number or --share, got none"),
        (("--kl", "1", "--share", "0.5"), "got --kl and --share"),
        (("--reward", "a", "--reward", "b", "--kl", "1"), "one column and one number"),
        (("--kl", "1", "--tokens-per-second", "80"), "needs the length of draws"),
    ],
)
def test_what_cannot_be_planned_is_one_line(
    arguments: tuple[str, ...], told: str, table: str, klimit: Klimit
) -> None:
    ended = klimit("plan", table, *arguments)
    assert ended.code == 1
    assert told in ended.err
    assert ended.err.count("\n") == 1


def test_a_figure_is_drawn(table: str, klimit: Klimit, tmp_path: Path) -> None:
    path = tmp_path / "plan.svg"
    assert klimit("plan", table, "--kl", "0.5", "--plot", str(path)).code == 0
    text = path.read_text(encoding="utf-8")
    assert "curve-rejection" in text
    assert "option-train-to-beta" in text


def test_draws_are_spread_and_who_gets_them_is_written(klimit: Klimit, tmp_path: Path) -> None:
    path = tmp_path / "allocation.csv"
    asked = ("--reward", "sentiment", "--kl", "0.3", "--total-draws", "96", "--json")
    ended = klimit("plan", "EXAMPLE", *asked, "--allocation", str(path))
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    assert header == "prompt,n"
    assert sum(int(row.rsplit(",", 1)[1]) for row in rows) == 96
    found = json.loads(ended.out)["allocation"]
    assert found["total"] == 96
    assert found["gain"]["low"] > 0


def test_a_file_for_no_allocation_is_refused(table: str, klimit: Klimit) -> None:
    ended = klimit("plan", table, "--kl", "1", "--allocation", "a.csv")
    assert "needs --total-draws" in ended.err
    assert ended.code == 1
