"""The report command: one page or Markdown, and a terminal that says the same."""

from pathlib import Path

import pytest

from tests.cli.conftest import Klimit


def test_a_page_is_written_and_said(klimit: Klimit, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    ended = klimit("report", "EXAMPLE", "--reward", "sentiment", "--out", str(page))
    assert ended.code == 0
    assert "How much sentiment is in a KL budget" in ended.out
    assert f"wrote {page}" in ended.err
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "Write a short cheerful line about the weather." in text
    assert page.stat().st_size < 1_000_000


def test_markdown_and_terminal_mark_the_same_points(klimit: Klimit, tmp_path: Path) -> None:
    notes = tmp_path / "report.md"
    ended = klimit(
        "report", "EXAMPLE", "--reward", "sentiment", "--kl", "0.5,1,4", "--out", str(notes)
    )
    (line,) = [line for line in ended.out.splitlines() if "NOT SUPPORTED" in line]
    assert line.split()[0] == "4"
    written = notes.read_text(encoding="utf-8")
    _, asked = written.split("## The budgets asked for")
    table, _ = asked.split("## Best-of-N")
    (row,) = [row for row in table.splitlines() if "NOT SUPPORTED" in row]
    assert row.startswith("| *4* |")
    (reason,) = [said for said in ended.out.splitlines() if said.startswith("! KL 4")]
    assert reason[2:] in table


def test_without_out_there_is_the_terminal_alone(klimit: Klimit, tmp_path: Path) -> None:
    ended = klimit("report", "EXAMPLE", "--reward", "sentiment", "--n", "1,2", "--kl", "0.5")
    assert ended.code == 0
    assert "wrote" not in ended.err
    assert "slider" not in ended.out


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("page.pdf", "a report needs a name that ends in .html or .md, got 'page.pdf'"),
        ("nowhere/page.html", "'nowhere/page.html': there is no folder 'nowhere'"),
    ],
)
def test_a_place_that_cannot_be_is_refused_before_the_work(
    klimit: Klimit, out: str, message: str
) -> None:
    ended = klimit("report", "EXAMPLE", "--reward", "sentiment", "--out", out)
    assert ended.code == 1
    assert ended.out == ""
    assert message in ended.err
    assert ended.err.count("\n") == 1


def test_the_table_itself_is_not_overwritten(klimit: Klimit, tmp_path: Path) -> None:
    table = tmp_path / "draws.md"
    table.write_text("prompt,reward\na,1\na,2\nb,1\nb,3\n")
    ended = klimit("report", str(table), "--format", "csv", "--out", str(table))
    assert ended.code == 1
    assert "is the table of draws; write to another file" in ended.err
    assert table.read_text().startswith("prompt,reward")


def test_draws_without_texts_are_named_by_number(klimit: Klimit, tmp_path: Path) -> None:
    table, page = tmp_path / "draws.csv", tmp_path / "page.html"
    rows = [f"{prompt},{k * (prompt == 'a') + k % 3}" for prompt in "ab" for k in range(20)]
    table.write_text("prompt,reward\n" + "\n".join(rows) + "\n")
    ended = klimit("report", str(table), "--out", str(page), "--kl", "0.2")
    assert ended.code == 0
    assert ">draw 19</p>" in page.read_text(encoding="utf-8")
