"""The built site: nothing is broken, nothing is loaded from elsewhere, and it fits a phone and a desktop.

Without MkDocs (`make docs` installs it) the pages are not built; without Chromium they are not opened.
"""

import os
import re
import subprocess
import sys
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from threading import Thread
from urllib.parse import unquote, urljoin, urlsplit

import pytest
import yaml

from support.documents import PAGES, ROOT, name_of, without_blocks

WIDTHS = (390, 1280)
SEARCHED = "Kendall"
LEFT = "net::ERR_ABORTED"
"""Of a request that was under way when the next page was opened."""
SETTLED_WIDTH = """async (width) => {
  const page = document.documentElement, end = Date.now() + 2000;
  while (page.scrollWidth > width && Date.now() < end) await new Promise((done) => setTimeout(done, 50));
  return page.scrollWidth;
}"""
"""Pixels, once the menu has slid away that a change of the width sets in motion."""


class Page(HTMLParser):
    """Addresses, anchors and pictures of a page."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loaded, self.ids, self.bare = [], [], set(), []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids |= {given["id"]} if "id" in given else set()
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in ("script", "img", "iframe") and given.get("src"):
            self.loaded.append(given["src"])
        if tag == "link" and given.get("rel") in ("stylesheet", "icon", "preconnect", "prefetch", "preload"):
            self.loaded.append(given["href"])
        if tag == "img" and len(given.get("alt") or "") < 10:
            self.bare.append(given.get("src"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, built strictly."""
    if find_spec("mkdocs") is None:
        pytest.skip("MkDocs is not installed: make docs")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site):
    """Path in the site -> page."""
    return {path.relative_to(site).as_posix(): Page(path) for path in sorted(site.rglob("*.html"))}


def test_the_menu_has_every_page():
    class Loader(yaml.SafeLoader):
        """For a file that may name functions."""

    menu = re.findall(r"[\w/-]+\.md", yaml.dump(yaml.load((ROOT / "mkdocs.yml").read_text(), Loader)["nav"]))
    assert sorted(menu) == sorted(name_of(page).removeprefix("docs/") for page in PAGES if "docs/" in name_of(page))


def test_every_link_leads_somewhere(site, pages):
    for name, page in pages.items():
        if name == "404.html":
            continue  # its links start at the server's root
        for link in page.links + page.loaded:
            parts = urlsplit(urljoin(f"http://site/{name}", link))
            if parts.netloc != "site":
                continue
            target = unquote(parts.path).lstrip("/") or "index.html"
            assert (site / target).exists(), (name, link)
            if parts.fragment and target in pages and not parts.fragment.startswith("__"):
                assert unquote(parts.fragment) in pages[target].ids, (name, link)


def test_nothing_is_loaded_from_elsewhere(site, pages):
    outside = [(name, link) for name, page in pages.items() for link in page.loaded if urlsplit(link).netloc]
    assert outside == []
    styles = [path for path in site.rglob("*.css") if re.search(r"url\(['\"]?(?:https?:)?//", path.read_text())]
    assert styles == []


def test_pictures_have_texts(pages):
    assert [(name, source) for name, page in pages.items() for source in page.bare] == []


def test_the_reference_is_made_from_the_code(site):
    commands = (site / "reference/commands.html").read_text()
    assert all(f"neural-predictor {name}" in commands for name in ("rank", "verify", "fit-predictor", "train-children"))
    assert "Kendall tau of the training architectures" in (site / "reference/python.html").read_text()
    assert "scoring_memory_mb" in (site / "reference/configuration.html").read_text()


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent == ROOT], ids=name_of)
def test_links_of_a_page_outside_the_site(page):
    """Those of docs/ are checked in the built site."""
    text = without_blocks(page)
    links = re.findall(r"\]\(([^)\s]+)\)|(?:href|src)=\"([^\"]+)\"", text)
    for link in (one or other for one, other in links):
        parts = urlsplit(link)
        if parts.netloc:
            continue
        target = page.parent / parts.path
        assert target.exists(), link
        if parts.fragment:
            heads = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", head.lower()).strip().replace(" ", "-") for head in heads}
            assert parts.fragment in slugs, link
    assert all(len(alt) >= 10 for alt in re.findall(r"!\[(.*?)\]|alt=\"(.*?)\"", text) for alt in alt if alt)


@pytest.fixture
def opened(browser):
    """(the browser's page, what went wrong in it so far)."""
    faults = []
    listeners = {
        "console": lambda message: faults.append(message.text) if message.type in ("error", "warning") else None,
        "pageerror": lambda error: faults.append(str(error)),
        "requestfailed": lambda request: faults.append(request.url) if request.failure != LEFT else None,
        "request": lambda request: faults.append(request.url) if is_outside(request.url) else None,
        "response": lambda answer: faults.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None,
    }
    for event, listener in listeners.items():
        browser.on(event, listener)
    yield browser, faults
    for event, listener in listeners.items():
        browser.remove_listener(event, listener)


def is_outside(address):
    parts = urlsplit(address)
    return parts.scheme in ("http", "https") and parts.hostname != "127.0.0.1"


@pytest.fixture(scope="module")
def server(site):
    """Address of the site."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as serving:
        Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()


def test_every_page_fits_a_phone_and_a_desktop(server, pages, opened):
    """SCREENSHOTS names a folder to keep pictures of the pages in."""
    page, faults = opened
    folder = os.environ.get("SCREENSHOTS")
    for name in (name for name in pages if name != "404.html"):
        page.goto(f"{server}/{name}", wait_until="load")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            wide = page.evaluate(SETTLED_WIDTH, width)
            assert wide <= width, f"{name} is {wide} pixels wide on a screen of {width}"
            if folder:
                page.screenshot(path=f"{folder}/{name.replace('/', '-')}-{width}.png", full_page=True)
        broken = page.evaluate("[...document.images].filter((i) => i.complete && !i.naturalWidth).map((i) => i.src)")
        assert (name, broken, faults) == (name, [], [])


@pytest.mark.parametrize("place", ["server", "disk"])
def test_the_search_finds(site, server, opened, place):
    page, faults = opened
    page.set_viewport_size({"width": WIDTHS[1], "height": 900})
    page.goto(f"{server}/index.html" if place == "server" else (site / "index.html").as_uri(), wait_until="load")
    page.locator("input.md-search__input").press_sequentially(SEARCHED)  # the search listens to keys
    found = page.locator(".md-search-result__item a").first
    found.wait_for(state="visible", timeout=15_000)
    assert SEARCHED.lower() in page.locator(".md-search-result__list").inner_text().lower()
    assert faults == []
