"""A document says the same on a page, in Markdown and on a terminal, and text stays text."""

import io
import re
from pathlib import Path

import pytest
from inline_snapshot import snapshot
from matplotlib.figure import Figure
from rich.console import Console

from klimit import InputError
from klimit.plot.style import FRONTIER, INK
from klimit.report import (
    Document,
    Grid,
    Note,
    Picture,
    Prose,
    Section,
    print_document,
    render_html,
    render_markdown,
    write_html,
)

HOSTILE = "</script><img src=x onerror=alert(1)> [bold] *a*_b_ `c` | \x00\x1b[31m שלום 😀 $x^2$"


def figure() -> Figure:
    drawn = Figure(figsize=(4, 3))
    axes = drawn.add_subplot()
    axes.plot([0, 1], [0, 1], color=FRONTIER, gid="line")
    axes.set_xlabel('a < b & id="c" #0072b2', color=INK)
    axes.axvspan(0.5, 1, hatch="///")
    return drawn


def document(text: str = "Plain.") -> Document:
    grid = Grid("Points", ("KL", text), (("0.5", "yes"), ("10", "no")), frozenset({1}))
    return Document(
        f"Report {text}",
        ("First finding.", text),
        (
            Section("One", (Prose(text), Note("warning", "Careful."), grid)),
            Section("Two", (Picture(f"A line. {text}", figure(), figure(), grid),)),
        ),
        ("klimit", text),
    )


def printed(shown: Document, width: int = 80) -> list[str]:
    out = io.StringIO()
    print_document(shown, Console(file=out, width=width, no_color=True))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_a_terminal_of_80_columns_shows_it_all() -> None:
    assert printed(document()) == snapshot(
        [
            "Report Plain.",
            "First finding.",
            "Plain.",
            "",
            "One",
            "Plain.",
            "! Careful.",
            "Points",
            " KL  Plain.",
            "0.5  yes",
            " 10  no",
            "",
            "Two",
            "A line. Plain.",
            "Points",
            " KL  Plain.",
            "0.5  yes",
            " 10  no",
            "",
            "klimit",
            "Plain.",
        ]
    )


def test_markdown_shows_it_all() -> None:
    assert render_markdown(document()) == snapshot("""\
# Report Plain.

- First finding.
- Plain.

## One

Plain.

> **Warning.** Careful.

**Points**

| KL | Plain. |
|---|---|
| 0.5 | yes |
| *10* | *no* |

## Two

*A line. Plain.*

**Points**

| KL | Plain. |
|---|---|
| 0.5 | yes |
| *10* | *no* |

---

klimit  \n\
Plain.
""")


def test_hostile_text_is_escaped_in_a_page() -> None:
    page = render_html(document(HOSTILE))
    assert "<img" not in page
    assert page.count("</script>") == 1
    assert "\x00" not in page
    assert "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt; [bold]" in page
    assert "␀␛[31m שלום 😀" in page


def test_hostile_text_is_escaped_in_markdown() -> None:
    text = render_markdown(document(HOSTILE))
    assert r"\</script\>\<img" in text
    assert r"\*a\*\_b\_ \`c\` \|" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("line", ["# a", "- a", "+ a", "1. a", "2) a", "> a", "---", "==="])
def test_a_paragraph_is_no_heading_and_no_list(line: str) -> None:
    text = render_markdown(Document("t", sections=(Section("s", (Prose(line),)),)))
    assert f"\n\n{line}\n" not in text
    assert "\\" in text


def test_a_terminal_is_not_steered_by_text() -> None:
    shown = "\n".join(printed(document(HOSTILE), width=200))
    assert "\x1b" not in shown
    assert r"\x00\x1b[31m" in shown
    assert "[bold]" in shown


def test_figures_of_a_page_share_no_id_and_follow_its_colours() -> None:
    page = render_html(document())
    ids = re.findall(r'\bid="([^"]*)"', page.replace("&quot;", "'"))
    ids = [found for found in ids if found != "c"]  # the text of an axis label
    assert len(ids) == len(set(ids))
    for target in re.findall(r"url\(#([^)]*)\)", page) + re.findall(r'href="#([^"]*)"', page):
        assert target in ids
    assert "stroke: var(--frontier)" in page
    assert 'a &lt; b &amp; id="c" #0072b2' in page
    assert "DejaVu" not in page


def test_a_page_names_no_other_address_and_forbids_the_network() -> None:
    page = render_html(document())
    assert "default-src 'none'" in page
    assert not re.search(r"https?://|@import|\bsrc=", page)


def test_every_figure_has_a_caption_and_its_numbers() -> None:
    page = render_html(document())
    assert page.count("<figure>") == page.count("<figcaption") == 1
    assert page.count('role="img"') == page.count('aria-labelledby="s2b1c"') == 2
    assert "<details><summary>The numbers in this figure</summary>" in page


def test_the_same_document_gives_the_same_page(tmp_path: Path) -> None:
    pages = [write_html(document(), tmp_path / f"{i}.html").read_bytes() for i in range(2)]
    assert pages[0] == pages[1]


def test_long_tables_are_thinned_on_a_terminal_and_said() -> None:
    grid = Grid("", ("k",), tuple((str(k),) for k in range(100)))
    lines = printed(Document("t", sections=(Section("s", (grid,)),)))
    assert len(lines) < 25
    assert lines[-1] == "(84 of 100 rows left out)"
    assert lines[-2].strip() == "99"


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(InputError, match="needs 2 cells, one a head, row 1 has 1"):
        Grid("", ("a", "b"), (("1", "2"), ("3",)))


def test_sections_are_appended() -> None:
    more = document().with_sections(Section("Three", (Prose("More."),)))
    assert [section.title for section in more.sections] == ["One", "Two", "Three"]
    assert more.footer == document().footer
