"""A headless browser without any network, and a watch over all that a page does in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from python.conftest import built as built

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path(os.environ.get("LANDFALL_CHROMIUM", "/usr/bin/chromium"))
_WATCH = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error("policy", event.violatedDirective, event.blockedURI, event.sample))"""


@dataclass
class Watched:
    """A page, what it asked for, and what went wrong in it."""

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail(f"there is no {CHROMIUM}")
        pytest.skip(f"there is no {CHROMIUM}")
    with playwright.sync_playwright() as running:
        # Root has no user namespaces to put a sandbox in; the pages are ours.
        args = ["--no-sandbox"] if os.geteuid() == 0 else []
        opened = running.chromium.launch(executable_path=str(CHROMIUM), args=args)
        yield opened
        opened.close()


@pytest.fixture
def show(browser: Browser) -> Iterator[Any]:
    """Open a file: returns the page with all that it asked for and complained about."""
    contexts = []

    def opened(path: Path, **options: Any) -> Watched:
        context = browser.new_context(viewport={"width": 1200, "height": 900}, **options)
        contexts.append(context)
        watched = Watched(context.new_page())
        page = watched.page
        page.on("request", lambda request: watched.requests.append(request.url))
        page.on(
            "console",
            lambda message: (
                watched.errors.append(message.text)
                if message.type in ("error", "warning")
                else None
            ),
        )
        page.on("pageerror", lambda error: watched.errors.append(str(error)))
        if options.get("java_script_enabled", True):
            page.add_init_script(_WATCH)
        page.goto(path.as_uri())
        return watched

    yield opened
    for context in contexts:
        context.close()
