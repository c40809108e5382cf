"""Debian's Chromium, for tests of pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict, Unpack

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

__all__ = ["CHROMIUM", "IN_A_BROWSER", "Context", "opened"]

CHROMIUM = Path("/usr/bin/chromium")

IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no /usr/bin/chromium"),
]
"""Marks of a module whose tests take the fixture ``browser``."""


class Context(TypedDict, total=False):
    color_scheme: str
    viewport: ViewportSize
    java_script_enabled: bool


@contextmanager
def opened(browser: Browser, path: Path, **how: Unpack[Context]) -> Iterator[Page]:
    """A page that says nothing on the console and asks for nothing but itself."""
    context = browser.new_context(**how)  # type: ignore[arg-type]
    page = context.new_page()
    noise: list[str] = []
    page.on("console", lambda message: noise.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: noise.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (noise.append("dialog"), dialog.dismiss()))
    page.on("request", lambda request: noise.append(request.url))
    page.goto(path.as_uri())
    try:
        yield page
        assert noise == [path.as_uri()]
    finally:
        context.close()
