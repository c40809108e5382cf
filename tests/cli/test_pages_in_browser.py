"""The pages of commands in a real browser: a figure of their own on a telephone."""

from pathlib import Path
from typing import Final

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, ViewportSize

from klimit.cli.app import run
from tests.chromium import IN_A_BROWSER, opened
from tests.cli.conftest import EXAMPLE
from tests.report.contrast import LEAST_CONTRAST

pytestmark = IN_A_BROWSER

LOG = Path(__file__).parents[1] / "data" / "logs" / "files" / "trl_grpo_state.json"
REWARD = ("--reward", "sentiment")
COMMANDS: dict[str, tuple[str, ...]] = {
    "frontier": ("frontier", EXAMPLE, *REWARD, "--kl", "0.5,4"),
    "best-of": ("best-of", EXAMPLE, *REWARD, "--n", "1,2,8"),
    "plan": ("plan", "FEW", "--share", "0.99"),
    "kl": ("kl", str(LOG)),
    "audit of points": ("audit", "--points", "RUN", "--reference", EXAMPLE, *REWARD),
    "overopt": ("overopt", EXAMPLE, *REWARD, "--gold", "relevance", "--n", "1,4,16"),
}
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}

CLIPPED: Final = """svg => {
  const room = svg.getBoundingClientRect();
  return [...svg.querySelectorAll("text")].filter((text) => {
    const box = text.getBoundingClientRect();
    return box.width && (box.left < room.left - 1 || box.right > room.right + 1
      || box.top < room.top - 1 || box.bottom > room.bottom + 1);
  }).map((text) => text.textContent);
}"""
"""JavaScript: the texts of a figure that do not lie within it."""

SMALLEST: Final = """svg => Math.min(...[...svg.querySelectorAll("text")].map((text) =>
  parseFloat(getComputedStyle(text).fontSize)
    * Math.hypot(text.getScreenCTM().a, text.getScreenCTM().b)))"""
"""JavaScript: the smallest height of letters in a figure, in pixels."""


@pytest.fixture(scope="module", params=COMMANDS)
def page_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    points = folder / "run.csv"
    points.write_text("kl,reward,step\n0.1,0.4,10\n0.5,0.6,20\n2,0.7,30\n", encoding="utf-8")
    few = folder / "few.csv"
    rewards = np.random.default_rng(0).normal(size=240).round(3).tolist()
    rows = "".join(f"{'abcdef'[k % 6]},{reward}\n" for k, reward in enumerate(rewards))
    few.write_text(f"prompt,reward\n{rows}", encoding="utf-8")
    page = folder / "page.html"
    names = {"RUN": str(points), "FEW": str(few)}
    words = [names.get(word, word) for word in COMMANDS[request.param]]
    assert run([*words, "--page", str(page)]) == 0
    return page


def shown_svg(figure: Locator) -> Locator:
    return figure.locator("svg:visible")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("window", "kind"), [(PHONE, "narrow"), (DESK, "wide")])
def test_a_page_has_a_figure_for_the_width_that_there_is(
    browser: Browser, page_path: Path, window: ViewportSize, kind: str, scheme: str
) -> None:
    with opened(browser, page_path, viewport=window, color_scheme=scheme) as page:
        figure = page.locator("figure")
        assert shown_svg(figure).count() == 1
        svg = shown_svg(page.locator(f".{kind}"))
        assert svg.count() == 1
        assert svg.evaluate(CLIPPED) == []
        assert svg.evaluate(SMALLEST) >= 9
        assert page.evaluate("document.documentElement.scrollWidth") == window["width"]
        page.locator("details").evaluate_all("all => all.map(e => { e.open = true })")
        least = page.evaluate(LEAST_CONTRAST)
    assert least["ratio"] >= 4.5, least["text"]


def test_one_number_has_a_page_and_no_figure(browser: Browser, tmp_path: Path) -> None:
    table, path = tmp_path / "draws.csv", tmp_path / "page.html"
    rows = "".join(f"{'ab'[k % 2]},-{20 + k % 5},-{21 + k % 3}\n" for k in range(30))
    table.write_text(f"prompt,log_prob_policy,log_prob_reference\n{rows}", encoding="utf-8")
    assert run(["kl", str(table), "--page", str(path)]) == 0
    with opened(browser, path, viewport=PHONE) as page:
        assert page.locator("svg").count() == 0
        assert page.locator("td", has_text="log ratios").is_visible()
