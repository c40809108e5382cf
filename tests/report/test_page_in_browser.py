"""The report in a real browser: it moves, it stays quiet, and it can be read everywhere."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from klimit import Draws
from klimit.cli.report import ReportRequest, report_on
from klimit.report import print_document, write_html
from tests.chromium import IN_A_BROWSER, opened
from tests.report.contrast import LEAST_CONTRAST

HOSTILE = (
    "</script><img src=x onerror=alert(1)><script>alert(2)</script>",
    "<!--<script>\u2028\u2029]]>&lt;b&gt; ${alert(3)} {{ 7 * 7 }}",
    "\u202eright to left\u200f שלום \u2066 unclosed",
    "null \x00 bell \x07 escape \x1b[31m lone \ud800 end",
    "w" * 10_000,
    "long " * 2_000,
    "",
    " \n\t\n ",
)
BUDGETS = (0.1, 0.5, 1.0, 3.0)
PHONE: ViewportSize = {"width": 360, "height": 640}

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
def draws() -> Draws:
    rewards = np.random.default_rng(0).normal(size=(6, 64)).round(3)
    return Draws.from_columns(
        prompt=np.repeat([f"Question {i}" for i in range(6)], 64),
        reward=rewards.ravel(),
        response=[f"answer {i}.{j}" for i in range(6) for j in range(64)],
    )


@pytest.fixture(scope="module")
def report(draws: Draws, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report whose budgets go past what its draws support."""
    document = report_on(draws, ReportRequest("quality", BUDGETS))
    return write_html(document, tmp_path_factory.mktemp("report") / "page.html")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on draws whose prompts and responses try to be more than text."""
    prompts = [text.strip() or f"empty {k}" for k, text in enumerate(HOSTILE)]
    texts = [HOSTILE[j % len(HOSTILE)] for _ in prompts for j in range(16)]
    rewards = 1e6 + 1e-5 * np.random.default_rng(1).normal(size=len(texts))
    draws = Draws.from_columns(prompt=np.repeat(prompts, 16), reward=rewards, response=texts)
    request = ReportRequest("</title><img src=x onerror=alert(4)>", (0.5, 2.0))
    folder = tmp_path_factory.mktemp("hostile")
    return write_html(report_on(draws, request), folder / "page.html")


def slide(page: Page, to: str) -> None:
    """Move the slider with a key, or to a place on it."""
    slider = page.get_by_label("KL budget", exact=True)
    slider.press(to) if to.isalpha() else slider.fill(to)


def state(page: Page) -> dict[str, float]:
    """What stands below the slider, by its label: the first number of each."""
    rows = page.locator(".state > div").all()
    return {
        row.locator("dt").inner_text(): float(row.locator("dd").inner_text().split()[0])
        for row in rows
    }


def centre(page: Page) -> tuple[float, float]:
    """Where the mark stands on the figure."""
    box = page.locator("[id$=w-budget-dot]").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_the_slider_begins_at_the_last_budget_asked_for_that_the_data_bear(
    browser: Browser, report: Path
) -> None:
    with opened(browser, report) as page:
        assert state(page)["KL budget, nats"] == 1.0
        expect(page.get_by_role("status")).to_have_text("The data support this budget.")


def test_keys_move_the_slider_through_all_budgets(browser: Browser, report: Path) -> None:
    with opened(browser, report) as page:
        slide(page, "Home")
        seen = [state(page)]
        last = int(page.get_by_label("KL budget", exact=True).get_attribute("max") or 0)
        for _ in range(last):
            slide(page, "ArrowRight")
            seen.append(state(page))
    kl, reward, ess = (
        np.array([one[name] for one in seen])
        for name in ("KL budget, nats", "largest mean quality", "effective sample size")
    )
    assert kl[0] == 0
    assert set(BUDGETS) < set(kl)
    assert np.all(np.diff(kl) > 0)
    assert np.all(np.diff(reward) >= 0)
    assert np.all(np.diff(ess) <= 0)


def test_the_slider_says_to_a_screen_reader_what_it_shows(
    browser: Browser, report: Path
) -> None:
    with opened(browser, report) as page:
        slide(page, "End")
        ess = state(page)["effective sample size"]
        said = page.get_by_label("KL budget", exact=True).get_attribute("aria-valuetext") or ""
    assert said.startswith("3 nats: reward ")
    assert f", effective sample size {ess}. " in said
    assert said.endswith(f"Beyond the data: effective sample size {ess} of 64.")


@pytest.mark.parametrize("place", ["5", "20", "30"])
def test_weights_are_those_of_the_tilt_by_the_beta_shown(
    browser: Browser, report: Path, draws: Draws, place: str
) -> None:
    with opened(browser, report) as page:
        slide(page, place)
        beta = state(page)["beta"]
        for i in range(len(draws.prompts)):
            pool = page.locator(".pool").nth(i)
            rewards = draws.rewards[draws.offsets[i] : draws.offsets[i + 1]]
            weights = np.exp(beta * (rewards - rewards.max()))
            weights /= weights.sum()
            best = np.argsort(-weights, kind="stable")[:5]
            assert pool.locator(".text").all_text_contents() == [
                f"answer {i}.{j}" for j in best
            ]
            assert percents(pool.locator(".weight").all_text_contents()) == pytest.approx(
                100 * weights[best], abs=0.11
            )
            assert percents(pool.locator(".rest b").all_text_contents()) == pytest.approx(
                [100 * (1 - weights[best].sum())], abs=0.11
            )
            ess = float(pool.locator(".ess b").text_content() or "nan")
            assert ess == pytest.approx(1 / (weights**2).sum(), rel=1e-2, abs=0.051)


def percents(texts: list[str]) -> list[float]:
    return [float(text.lstrip("<").rstrip("%")) for text in texts]


def test_bars_are_as_long_as_weights(browser: Browser, report: Path) -> None:
    with opened(browser, report) as page:
        slide(page, "End")
        page.wait_for_timeout(300)  # until the bars have moved
        pool = page.locator(".pool").first
        weights = percents(pool.locator(".weight").all_text_contents())
        lengths = pool.locator(".bar").evaluate_all(
            "bars => bars.map(bar => 100 * bar.getBoundingClientRect().width"
            " / bar.parentElement.getBoundingClientRect().width)"
        )
    assert lengths == pytest.approx(weights, abs=0.1)


def test_the_mark_stands_at_its_budget_on_the_axis(browser: Browser, report: Path) -> None:
    with opened(browser, report) as page:
        places = []
        for place in ("0", "12", "25", "33"):
            slide(page, place)
            places.append((*centre(page), *list(state(page).values())[:3:2]))
    x, y, kl, reward = np.array(places).T
    for pixels, numbers in ((x, kl), (y, reward)):
        line = np.polyfit(numbers, pixels, 1)
        assert np.abs(np.polyval(line, numbers) - pixels).max() < 1.0
    assert x[-1] - x[0] > 300


def test_without_a_budget_the_mark_stands_on_best_of_1(browser: Browser, report: Path) -> None:
    with opened(browser, report) as page:
        slide(page, "Home")
        first = page.locator("[id$=w-best-of] use").first.bounding_box()
        mark = centre(page)
    assert first is not None
    middle = (first["x"] + first["width"] / 2, first["y"] + first["height"] / 2)
    assert mark == pytest.approx(middle, abs=0.5)


def test_beyond_the_data_page_terminal_and_figure_say_the_same(
    browser: Browser, report: Path, draws: Draws, capsys: pytest.CaptureFixture[str]
) -> None:
    from rich.console import Console  # noqa: PLC0415  (its console takes the captured stream)

    print_document(
        report_on(draws, ReportRequest("quality", BUDGETS)), Console(width=100, no_color=True)
    )
    told = capsys.readouterr().out
    with opened(browser, report) as page:
        slide(page, "End")
        words = page.get_by_role("status").inner_text()
        explorer = page.locator(".explorer")
        assert "beyond" in (explorer.get_attribute("class") or "").split()
        red = page.locator(".state dd").first.evaluate("e => getComputedStyle(e).color")
        dot = page.locator("[id$=w-budget-dot] use").evaluate("e => getComputedStyle(e).fill")
        marked = page.locator("section:has(h2:text('asked for')) tr.marked").all_inner_texts()
        figure = " ".join(page.locator(".wide").first.locator("text").all_text_contents())
        hatched = page.locator("[id$=w-beyond-the-data]").is_visible()
    reason = re.fullmatch(r"Beyond the data: (.*)\.", words)
    assert reason is not None
    assert f"KL 3: {reason[1]}" in figure
    assert f"! KL 3: the data do not support it, {reason[1]}." in told
    assert [row.split("\t")[0] for row in marked] == ["3"]
    assert [line.split()[0] for line in told.splitlines() if "NOT SUPPORTED" in line] == ["3"]
    assert dot == red == "rgb(179, 38, 30)"
    assert hatched


def test_without_scripts_the_page_shows_its_first_state(browser: Browser, report: Path) -> None:
    with opened(browser, report, java_script_enabled=False) as page:
        assert not page.get_by_label("KL budget", exact=True).is_visible()
        assert state(page)["KL budget, nats"] == 1.0
        assert page.locator(".pool").first.locator(".text").count() == 5


def test_hostile_text_stays_text(browser: Browser, hostile: Path) -> None:
    with opened(browser, hostile) as page:
        for place in ("Home", "End"):
            slide(page, place)
            page.locator(".pool").evaluate_all("pools => pools.map(p => { p.open = true })")
            shown = page.locator(".pool .text, .pool .prompt").all_text_contents()
            assert HOSTILE[0] in shown
            assert "null ␀ bell ␇ escape ␛[31m lone � end" in shown
            assert max(map(len, shown)) < 700
            assert any(text.endswith("… (10,000 characters)") for text in shown)
            assert {"(an empty response)", "(white space alone)"} <= set(shown)
            rewards = page.locator(".pool").first.locator(".reward").all_text_contents()
            assert len(set(rewards)) == 5  # they differ from the ninth digit on
            assert page.locator("img, main script:not([type='application/json'])").count() == 0
            assert page.locator("h1").inner_text().endswith("is in a KL budget")


def test_marks_of_direction_stay_within_their_text(browser: Browser, hostile: Path) -> None:
    with opened(browser, hostile) as page:
        boxes = page.locator(".prompt, .text")
        assert boxes.count() > 8
        assert set(
            boxes.evaluate_all("all => all.map(e => getComputedStyle(e).unicodeBidi)")
        ) <= {"isolate", "plaintext"}


@pytest.mark.parametrize("which", ["report", "hostile"])
def test_a_page_weighs_less_than_a_megabyte(which: str, request: pytest.FixtureRequest) -> None:
    assert request.getfixturevalue(which).stat().st_size < 1_000_000


@pytest.mark.parametrize("which", ["report", "hostile"])
def test_a_phone_never_scrolls_sideways(
    browser: Browser, which: str, request: pytest.FixtureRequest
) -> None:
    with opened(browser, request.getfixturevalue(which), viewport=PHONE) as page:
        for place in ("Home", "End"):
            slide(page, place)
            page.locator("details").evaluate_all("all => all.map(e => { e.open = true })")
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.locator(".narrow").first.is_visible()
        assert not page.locator(".wide").first.is_visible()
        rows = page.locator("tr").evaluate_all("all => all.map(e => e.clientHeight)")
        assert max(rows) < 90  # no word of a table is broken letter by letter


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", ["Home", "End"])
def test_every_word_can_be_read(
    browser: Browser, report: Path, scheme: str, place: str
) -> None:
    with opened(browser, report, color_scheme=scheme) as page:
        slide(page, place)
        page.locator("details").evaluate_all("all => all.map(e => { e.open = true })")
        page.wait_for_timeout(300)  # until colours have changed
        least = page.evaluate(LEAST_CONTRAST)
        paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert least["count"] > 200
    assert least["ratio"] >= 4.5, least["text"]
    assert (sum(map(int, re.findall(r"\d+", paper)[:3])) < 150) == (scheme == "dark")


def test_paper_is_white_and_has_no_controls(browser: Browser, report: Path) -> None:
    with opened(browser, report, color_scheme="dark") as page:
        page.emulate_media(media="print")
        assert not page.get_by_label("KL budget", exact=True).is_visible()
        assert not page.get_by_text("The slider below").is_visible()
        assert page.locator(".state").is_visible()
        paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert paper == "rgb(255, 255, 255)"
        assert page.evaluate(LEAST_CONTRAST)["ratio"] >= 4.5
        sheets = page.pdf(format="A4")
    assert sheets.startswith(b"%PDF")
    assert 1 <= sheets.count(b"/Type /Page\n") <= 6


def test_a_prompt_reached_by_keys_is_not_hidden_behind_the_slider(
    browser: Browser, report: Path
) -> None:
    with opened(browser, report, viewport={"width": 900, "height": 400}) as page:
        summaries = page.locator(".pool > summary")
        summaries.nth(4).focus()
        summaries.nth(3).evaluate("e => window.scrollBy(0, e.getBoundingClientRect().top)")
        page.keyboard.press("Shift+Tab")
        reached = page.locator(":focus").bounding_box()
        assert page.locator(":focus").inner_text().startswith("Question 3")
        bar = page.locator(".controls").bounding_box()
    assert reached is not None
    assert bar is not None
    assert reached["y"] >= bar["y"] + bar["height"]
