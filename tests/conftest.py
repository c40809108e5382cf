"""What tests of several folders share."""

from collections.abc import Iterator

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from tests.chromium import CHROMIUM

# timings on shared machines say nothing, and the same examples every time keep CI quiet
settings.register_profile("klimit", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("klimit")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"], timeout=60_000
        )
        yield launched
        launched.close()
