"""Every page is reached, and every link leads somewhere."""

import pytest

from docs.pages import ROOT, anchors, links, pages, prose


@pytest.mark.parametrize("page", pages(), ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    """Files exist, anchors are headings; addresses of the web are not asked."""
    broken = []
    for number, target in links(page):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(f"{number}: {target}")

    assert broken == []


def test_every_page_is_reached_from_the_readme():
    """Whoever starts at the README can walk to each page."""
    seen, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        for _, target in links(page):
            name = target.partition("#")[0]
            if "://" not in target and name:
                file = (page.parent / name).resolve()
                ahead += sorted(file.glob("*.md")) if file.is_dir() else [file]

    assert set(pages()) - seen == set()


@pytest.mark.parametrize("page", pages(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_page_is_read_in_one_sitting(page):
    """No page has more than 200 lines besides code, generated ones apart."""
    lines = sum(1 for _ in prose(page))

    assert lines <= 200 or "<!-- Made from" in page.read_text()
