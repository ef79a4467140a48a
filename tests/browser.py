"""A real browser for tests: Debian's chromium, driven by Playwright, that reaches nothing but this machine.

What it asks for and what goes wrong in its pages is kept with each visit, and judged when the visit ends.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect, sync_playwright

#: Long enough for a machine that does much else; a wait ends as soon as what it waits for is there.
PATIENCE_MS = 20_000
#: The browser speaks to this machine and to no other: it asks for no updates, no lists, no names.
FLAGS = (
    "--no-sandbox",  # the tests may run as root, where chromium refuses to start with one
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


MISSING = "chromium is not on the path: 'apt-get install chromium' brings it"


def skip_without_chromium() -> None:
    """Leave out a module of tests, with one line that says why; but in CI, where they fail."""
    if shutil.which("chromium") is None and os.environ.get("CI") != "true":
        pytest.skip(MISSING, allow_module_level=True)


@contextmanager
def browsing() -> Iterator[Browser]:
    """Run one browser until the block ends."""
    path = shutil.which("chromium")
    assert path is not None, MISSING
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass(frozen=True)
class Visit:
    """One person at one browser window: the page, and all that it asked for and said."""

    url: str
    page: Page
    #: Every address that was asked for, and every one that stood in the address bar.
    addresses: list[str] = field(default_factory=list)
    #: Errors of scripts, and what the browser refused to do.
    faults: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")

    def log_in(self, name: str, password: str) -> None:
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in").click()

    def said(self, text: str) -> None:
        """Expect these words on the page."""
        expect(self.page.get_by_role("main")).to_contain_text(text)

    def named(self, words: tuple[str, ...]) -> list[str]:
        """Give the addresses in which one of these words stands, in whatever way it is written."""
        return [one for one in self.addresses if any(word in unquote_plus(one).lower() for word in words)]


@contextmanager
def visiting(browser: Browser, url: str, **options: Any) -> Iterator[Visit]:
    """Open a window of its own, with no cookies but those in ``storage_state``."""
    context: BrowserContext = browser.new_context(**{"viewport": DESKTOP, "locale": "en-GB", **options})
    expect.set_options(timeout=PATIENCE_MS)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    visit = Visit(url, page)
    context.on("request", lambda request: visit.addresses.append(request.url))
    context.on("response", lambda answer: broken(answer) and visit.faults.append(f"{answer.url}: {answer.status}"))
    page.on("framenavigated", lambda frame: visit.addresses.append(frame.url))
    page.on("console", lambda message: is_fault(message) and visit.faults.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: visit.faults.append(f"{page.url}: {error}"))
    try:
        yield visit
    finally:
        context.close()


def broken(answer: Response) -> bool:
    """Whether the desk failed, or a file of a page is not there; a page may be refused in words."""
    return answer.status >= 500 or (answer.status >= 400 and "/ops/static/" in answer.url)


def is_fault(message: ConsoleMessage) -> bool:
    """Whether the console tells of an error, other than of an answer: those are judged by themselves."""
    return message.type == "error" and not message.text.startswith("Failed to load resource: the server responded")


def overflow(page: Page) -> list[str]:
    """Name the document and what makes it wider than the window; nothing where it fits."""
    found: list[str] = page.evaluate(
        """() => {
          const wide = window.innerWidth;
          if (document.scrollingElement.scrollWidth <= wide) return [];
          const scrolls = (one) => one && (getComputedStyle(one).overflowX !== "visible" || scrolls(one.parentElement));
          const over = [...document.body.querySelectorAll("*")].filter(
            (one) => one.getBoundingClientRect().left + one.scrollWidth > wide && !scrolls(one.parentElement));
          return [document.documentElement, ...over].map(
            (one) => `${one.localName}#${one.id}.${one.className}: ${one.innerText?.slice(0, 40)}`);
        }"""
    )
    return found
