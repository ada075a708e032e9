"""The page about finding what failed says what is so."""

import pytest

from docs.follow import Reader
from docs.pages import ROOT, blocks


@pytest.mark.timeout(120)
def test_the_page_can_be_followed(site):
    """Its files are a site, and its commands show what it says."""
    Reader(site).follow(blocks(ROOT / "docs/how-to/find-what-failed.md"))

    assert site.process is not None
