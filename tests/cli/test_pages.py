"""What a command prints, on a page: the same figure, table and sentences."""

from pathlib import Path

import pytest

from tests.cli.conftest import Klimit

FEW = ("--reward", "sentiment", "--kl", "0.5,4")


def test_a_page_holds_table_figure_and_objections(klimit: Klimit, tmp_path: Path) -> None:
    page = tmp_path / "frontier.html"
    ended = klimit("frontier", "EXAMPLE", *FEW, "--page", str(page))
    assert ended.code == 0
    text = page.read_text(encoding="utf-8")
    assert "<svg" in text
    assert "NOT SUPPORTED" in text
    assert "the data do not support it, effective sample size" in text
    assert f"wrote {page}" in ended.err


def test_a_page_in_markdown_holds_the_table(klimit: Klimit, tmp_path: Path) -> None:
    page = tmp_path / "frontier.md"
    assert klimit("frontier", "EXAMPLE", *FEW, "--page", str(page)).code == 0
    assert "| KL" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "message"),
    [("page.txt", "ends in .html or .md"), ("none/page.html", "there is no folder")],
)
def test_a_place_for_a_page_is_refused_before_anything_is_computed(
    klimit: Klimit, tmp_path: Path, name: str, message: str
) -> None:
    ended = klimit("frontier", "none.parquet", *FEW, "--page", str(tmp_path / name))
    assert ended.code == 1
    assert message in ended.err


def test_the_report_asks_whether_the_gain_is_real_where_gold_is_named(
    klimit: Klimit, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    call = (
        "report",
        "EXAMPLE",
        *FEW,
        "--n",
        "2,4",
        "--gold",
        "relevance,length",
        "--plan-kl",
        "1",
    )
    ended = klimit(*call, "--out", str(page))
    assert ended.code == 0, ended.err
    assert "Is the gain real?" in ended.out
    assert "Which setting reaches it" in ended.out
    assert "relevance" in page.read_text(encoding="utf-8")
    assert page.stat().st_size < 1_000_000
