"""The page about extensions: its services are one site, which runs."""

import pytest

from docs.follow import Reader
from docs.pages import ROOT, blocks
from sites import SiteUnderTest


PAGE = ROOT / "docs/how-to/use-an-extension.md"


@pytest.mark.timeout(240)  # six services, five servers, three commands
def test_each_extension_works_in_a_service(site: SiteUnderTest) -> None:
    """What the page says that is shown is shown, and is kept where it says."""
    Reader(site).follow(blocks(PAGE))

    # From the cache, and out of the session that the cookie names.
    assert '"asked":1' in site.get("/rates/").text
    first = site.get("/cart/")
    cookie = first.headers["Set-Cookie"].partition(";")[0]
    assert site.get("/cart/", headers={"Cookie": cookie}).json() == {"visits": 2}
