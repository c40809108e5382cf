"""``klimit best-of`` for people, pipes and scripts."""

import json
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from klimit import estimate_best_of_n, read_draws
from tests.cli.conftest import EXAMPLE, Klimit


@pytest.mark.usefixtures("_on_a_terminal")
def test_a_person_sees_a_table(klimit: Klimit) -> None:
    ended = klimit("best-of", "EXAMPLE", "--reward", "sentiment", "--n", "1,4,16", "--n", "256")
    assert ended.code == 0
    assert ended.err == ""
    assert [line.rstrip() for line in ended.out.splitlines()] == snapshot(
        [
            "Best-of-N by sentiment: smollm2_draws.parquet",
            "  N        sentiment     95% interval                KL  without ties",
            "  1    0.316 ± 0.034    0.218 … 0.390             0 ± 0        0.0000",
            "  4    0.723 ± 0.024    0.655 … 0.774   0.6333 ± 0.0009        0.6363",
            " 16    0.882 ± 0.011    0.851 … 0.903  1.8350 ± <0.0001        1.8351",
            "256  0.9584 ± 0.0043  0.9462 … 0.9673   4.5486 ± 0.0010        4.5491",
            "klimit 0.1.0 · 6144 draws of 24 prompts · sampled prompts · 95% intervals: t",
            "widened for skewness, clustered by prompt",
        ]
    )


@pytest.mark.usefixtures("_on_a_terminal")
def test_prompts_left_out_are_marked(klimit: Klimit, tmp_path: Path) -> None:
    path = tmp_path / "draws.csv"
    rows = "".join(
        f"{ord(prompt)},{ord(prompt) + draw}\n" for prompt in "abc" for draw in range(9)
    )
    path.write_text(f"prompt,reward\n{rows}d,1\n", encoding="utf-8")
    ended = klimit("best-of", str(path), "--n", "4")
    assert "3 PROMPTS" in ended.out
    assert "! N = 4: " in ended.out
    assert klimit("best-of", str(path), "--require", "reward>=0@n=4").code == 1


def test_json_agrees_with_the_library(klimit: Klimit) -> None:
    ended = klimit("best-of", "EXAMPLE", "--reward", "sentiment", "--n", "2,8", "--json")
    expected = estimate_best_of_n(read_draws(EXAMPLE, reward="sentiment"), n=[2, 8])
    assert json.loads(ended.out)["points"] == [point.to_dict() for point in expected.points]


def test_a_pipe_gets_tab_separated_values(klimit: Klimit) -> None:
    ended = klimit("best-of", "EXAMPLE", "--reward", "sentiment", "--n", "2")
    header, line = (line.split("\t") for line in ended.out.splitlines())
    assert header[:2] == ["n", "reward"]
    assert line[0] == "2"
    assert len(header) == len(line)


@pytest.mark.parametrize(
    ("condition", "code", "told"),
    [
        ("reward>=0.6@n=4", 0, "require: reward>=0.6@n=4 met: reward is 0.723 ± 0.024 at n 4"),
        ("reward>=0.7@n=4", 1, "error: reward>=0.7@n=4 not met by 0.04"),
        ("kl<=0.7@n=4", 0, "the upper end of its 95% interval 0.63"),
        ("kl<=0.5@n=4", 1, "not met by 0.1"),
        ("reward>=0.1@n=2.5", 2, "such as 'reward>=0.4@n=1'"),
        ("beta>=0.1@n=2", 2, "needed reward or kl"),
    ],
)
def test_requirements_are_judged(condition: str, code: int, told: str, klimit: Klimit) -> None:
    ended = klimit(
        "best-of", "EXAMPLE", "--reward", "sentiment", "--n", "2", "--require", condition
    )
    assert ended.code == code
    assert told in ended.err


@pytest.mark.parametrize(
    ("n", "code", "told"),
    [
        ("257", 1, "the most is 256"),
        ("0", 2, "needed whole numbers, at least 1, as 2,4,8, got '0'"),
        ("2.5", 2, "needed whole numbers"),
    ],
)
def test_an_n_that_cannot_be_answered_is_one_line(
    n: str, code: int, told: str, klimit: Klimit
) -> None:
    ended = klimit("best-of", "EXAMPLE", "--reward", "sentiment", "--n", n)
    assert ended.code == code
    assert told in ended.err
    assert ended.err.count("\n") == 1


def test_a_figure_is_drawn(klimit: Klimit, tmp_path: Path) -> None:
    path = tmp_path / "best_of.svg"
    ended = klimit(
        "best-of", "EXAMPLE", "--reward", "sentiment", "--n", "1,4", "--plot", str(path)
    )
    assert ended.code == 0
    assert "<svg" in path.read_text(encoding="utf-8")
