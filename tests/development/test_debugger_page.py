"""The debugger's page of a failure two services below, in a real browser."""

import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from development.three_services import DEBUGGED, FILES


CHROMIUM = shutil.which("chromium")


@pytest.mark.browser
@pytest.mark.timeout(120)
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_the_page_tells_the_whole_story(site):
    """The way of the request on top, then the frames, with the lines around each."""
    site.write(FILES | DEBUGGED)
    site.up()
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{site.url}/product/9")

        told = page.locator(".errormsg")
        expect(told).to_be_in_viewport()
        expect(told).to_contain_text("in `prices`: GET /of/9, asked by `catalog`")
        expect(told).to_contain_text("replay: glassware call prices /of/9")
        frames = [
            frame
            for frame in page.locator(".frame").all()
            if "/services/" in frame.inner_text()
        ]
        assert ["/prices/" in frames[0].inner_text(), len(frames)] == [True, 3]
        around = frames[0].locator("pre", has_text="is not in the list")
        expect(around).to_be_hidden()
        frames[0].locator("pre.current").click()
        expect(around).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
        browser.close()
