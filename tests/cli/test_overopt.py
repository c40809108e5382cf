"""``klimit overopt`` for people, pipes and scripts."""

import json
from pathlib import Path

import pytest

from klimit import overoptimisation, read_draws
from tests.cli.conftest import EXAMPLE, Klimit

ASKED = ("--reward", "sentiment", "--n", "1,4,16", "--kl", "0,0.5")


@pytest.mark.usefixtures("_on_a_terminal")
def test_a_person_sees_a_table_and_a_verdict(klimit: Klimit) -> None:
    ended = klimit("overopt", "EXAMPLE", *ASKED, "--gold", "relevance")
    assert ended.code == 0
    assert "N=4" in ended.out
    assert "no change of relevance is established up to N = 16" in ended.out


@pytest.mark.usefixtures("_on_a_terminal")
def test_no_cell_is_broken_where_the_terminal_is_narrow(klimit: Klimit) -> None:
    ended = klimit("overopt", "EXAMPLE", *ASKED, "--gold", "relevance,politeness")
    lines = [line.rstrip() for line in ended.out.splitlines()]
    assert max(map(len, lines)) <= 80
    table = [line for line in lines if " N=" in line or " beta=" in line]
    assert len(table) == 2 * 2 * (3 + 2)  # golds, halves of the table, points
    assert not any(line.endswith(("±", "…")) for line in table)
    assert [line.split() for line in lines].count(["gold", "by", "correlation"]) == 1


def test_json_agrees_with_the_library(klimit: Klimit) -> None:
    ended = klimit("overopt", "EXAMPLE", *ASKED, "--gold", "length", "--json")
    draws = read_draws(EXAMPLE, reward="sentiment")
    expected = overoptimisation(draws, gold="length", n=[1, 4, 16], kl=[0.0, 0.5])
    (found,) = json.loads(ended.out)["results"]
    assert found["verdict"] == expected.verdict
    assert found["best_of_n"] == expected.to_dict()["best_of_n"]


def test_a_pipe_gets_a_line_for_each_gold_and_level(klimit: Klimit) -> None:
    ended = klimit("overopt", "EXAMPLE", *ASKED, "--gold", "relevance,politeness")
    header, *lines = (line.split("\t") for line in ended.out.splitlines())
    assert header[:4] == ["gold", "n", "kl", "beta"]
    assert [line[:2] for line in lines[:3]] == [["relevance", n] for n in ("1", "4", "16")]
    assert len(lines) == 2 * (3 + 2)


def test_the_length_of_responses_is_counted_where_there_is_no_such_column(
    klimit: Klimit, tmp_path: Path
) -> None:
    path = tmp_path / "draws.csv"
    rows = "".join(
        f"{prompt},{'x' * (1 + draw)},{draw}\n" for prompt in "abc" for draw in range(16)
    )
    path.write_text(f"prompt,response,reward\n{rows}", encoding="utf-8")
    ended = klimit("overopt", str(path), "--gold", "length", "--n", "1,8", "--json")
    (found,) = json.loads(ended.out)["results"]
    assert found["best_of_n"][0]["gold"]["value"] == 8.5


@pytest.mark.parametrize("ensemble", ["mean", "worst", "penalised"])
def test_several_proxies_are_optimised_together(ensemble: str, klimit: Klimit) -> None:
    ended = klimit(
        *("overopt", "EXAMPLE", "--gold", "relevance", "--n", "1,4", "--kl", "0"),
        *("--proxies", "sentiment,politeness", "--ensemble", ensemble, "--json"),
    )
    assert ended.code == 0
    assert json.loads(ended.out)["proxy"] == f"{ensemble} of sentiment, politeness"


@pytest.mark.parametrize(
    ("condition", "code", "told"),
    [
        ("gold>=0.3@n=4", 0, "relevance: gold>=0.3@n=4 met"),
        ("gold>=0.42@n=4", 1, "relevance: gold>=0.42@n=4 not met by"),
        ("kl<=0.7@n=2", 0, "met: kl is"),
        ("reward>=0.42@n=4", 2, "needed gold, proxy or kl"),
    ],
)
def test_requirements_are_judged(condition: str, code: int, told: str, klimit: Klimit) -> None:
    ended = klimit("overopt", "EXAMPLE", *ASKED, "--gold", "relevance", "--require", condition)
    assert ended.code == code
    assert told in ended.err


def test_a_requirement_is_judged_beside_the_usual_sizes(klimit: Klimit) -> None:
    call = ["overopt", "EXAMPLE", "--reward", "sentiment", "--gold", "relevance", "--json"]
    usual = [point["n"] for point in json.loads(klimit(*call).out)["results"][0]["best_of_n"]]
    assert 5 not in usual
    ended = klimit(*call, "--require", "gold>=0.3@n=5")
    assert ended.code == 0
    found = json.loads(ended.out)["results"][0]["best_of_n"]
    assert [point["n"] for point in found] == sorted([*usual, 5])


@pytest.mark.parametrize(
    ("tokens", "code", "told"),
    [
        (["--gold", "relevanse"], 1, "relevance"),
        (["--gold", "relevance", "--n", "500"], 1, "the most is 256"),
        ([], 2, "--gold"),
    ],
)
def test_what_cannot_be_answered_is_one_line(
    tokens: list[str], code: int, told: str, klimit: Klimit
) -> None:
    ended = klimit("overopt", "EXAMPLE", "--reward", "sentiment", *tokens)
    assert ended.code == code
    assert told in ended.err
    assert ended.err.count("\n") == 1


def test_a_figure_is_drawn(klimit: Klimit, tmp_path: Path) -> None:
    path = tmp_path / "gold.svg"
    ended = klimit("overopt", "EXAMPLE", *ASKED, "--gold", "relevance", "--plot", str(path))
    assert ended.code == 0
    assert "<svg" in path.read_text(encoding="utf-8")
