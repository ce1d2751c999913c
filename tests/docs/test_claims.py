"""The page of claims in a browser."""

import pytest
from PIL import Image

from neural_predictor.claims.page import render
from support.verdicts import verdicts


@pytest.fixture
def page(tmp_path):
    """The address of a page of claims."""
    path = verdicts(tmp_path / "mine-v1", "mine-v1")
    Image.new("RGB", (2000, 900), "white").save(path.with_name("fig4.png"))
    render([path], path.with_suffix(".html"), path.with_suffix(".md"))
    return path.with_suffix(".html").as_uri()


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 900)])
def test_the_first_screen_says_what_holds_and_what_does_not(browser, page, width, height):
    errors = []
    browser.on("console", lambda message: errors.append(message.text))
    browser.set_viewport_size({"width": width, "height": height})
    browser.goto(page)
    assert browser.evaluate("document.documentElement.scrollWidth") == width
    for heading in ("What holds (1)", "What does not (1)"):
        box = browser.get_by_role("heading", name=heading).bounding_box()
        assert box["y"] + box["height"] < height
    assert browser.evaluate("[...document.images].every((image) => image.naturalWidth > 0)")
    assert browser.get_by_role("link", name="Claim <1>").get_attribute("href") == "#claim-1"
    assert errors == []
