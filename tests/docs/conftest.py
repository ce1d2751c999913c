"""A browser for pages."""

import shutil
from importlib.util import find_spec

import pytest


@pytest.fixture(scope="module")
def browser():
    """A page of headless Chromium that may speak to this machine alone."""
    if find_spec("playwright") is None:
        pytest.skip("playwright is not installed: make docs")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
    if found is None:
        pytest.skip("there is no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found)
        yield chromium.new_page()
        chromium.close()
