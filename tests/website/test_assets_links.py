"""Scripts and styles that headers name, and from where they may be loaded."""

import pytest

from glassware.directory import Directory
from glassware.website.fragments.assets.links import (
    Asset,
    read_links,
    write_link,
)
from glassware.website.fragments.assets.urls import RefusedUrl, resolved


SITE = Directory(url="http://shop.test:8000", hosts=("shop.test", "api.shop.test"))


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ('</a.css>; rel="stylesheet"', [Asset("style", "/a.css")]),
        ("</a.css>;rel=stylesheet", [Asset("style", "/a.css")]),
        ("</a.css> ; REL = StyleSheet", [Asset("style", "/a.css")]),
        ('</a.js>; rel="preload"; as="script"', [Asset("script", "/a.js")]),
        ("</a.js>; rel=modulepreload", [Asset("module", "/a.js")]),
        (
            '</a,b;c.css>; rel="stylesheet", </d.js>; rel=modulepreload',
            [Asset("style", "/a,b;c.css"), Asset("module", "/d.js")],
        ),
        (
            r'<a.css>; rel=stylesheet; title="x, <y>; \"z\""; media="print and (a)"',
            [Asset("style", "a.css", (("media", "print and (a)"),))],
        ),
        ("</a>; rel=next, ,, </b>; rel=stylesheet", [Asset("style", "/b")]),
        ('</a>; rel="x stylesheet"; rel=next', [Asset("style", "/a")]),
        ('</a>; rel="alternate stylesheet"', []),
        ("</a>; rel=preload; as=image", []),
        ("</a>; rel=stylesheet; anchor=/other", []),
        ("<>; rel=stylesheet", []),
        (
            "</a>; rel=stylesheet; crossorigin",
            [Asset("style", "/a", (("crossorigin", ""),))],
        ),
        ("</a>; rel=stylesheet </b>; rel=stylesheet", []),
        ("nonsense, </a>; rel=stylesheet", []),
        ("", []),
    ],
)
def test_a_link_is_read_as_rfc_8288_says(value, found):
    """Commas in URLs, quotes, spaces, repeated parameters, and what is malformed."""
    assert list(read_links([value])) == found


def test_several_headers_are_one_list():
    """In their order."""
    values = ["</a>; rel=stylesheet", "</b>; rel=stylesheet"]
    assert [asset.url for asset in read_links(values)] == ["/a", "/b"]


@pytest.mark.parametrize(
    "asset",
    [
        Asset("style", "/a.css", (("media", 'x "y" \\'), ("integrity", "sha256-a+/="))),
        Asset("script", "https://cdn.test/a.js?b=c&d=,;"),
        Asset("module", "/a%20b.js"),
    ],
)
def test_what_is_written_is_read(asset):
    """Both directions are one language."""
    assert list(read_links([write_link(asset)])) == [asset]


def test_a_url_cannot_end_its_own_link():
    """What is not for URLs is percent-encoded."""
    written = write_link(Asset("style", '/a>; rel="x", </b c\r\né'))
    assert (
        written == '</a%3E;%20rel=%22x%22,%20%3C/b%20c%0D%0A%C3%A9>; rel="stylesheet"'
    )


@pytest.mark.parametrize(
    ("url", "base", "whole"),
    [
        ("/static/a.css", "/cart/mini", "/static/a.css"),
        ("static/a.css", "/cart/mini", "/cart/static/a.css"),
        ("../a.css?b#c", "/cart/mini/x", "/cart/a.css?b#c"),
        ("/static/a.css", "", "/static/a.css"),
        ("a.css", "http://api.shop.test:8000/x/", "http://api.shop.test:8000/x/a.css"),
        ("http://shop.test:8000/a", "/x", "http://shop.test:8000/a"),
    ],
)
def test_what_is_of_the_site_is_resolved(url, base, whole):
    """Against the address at which the fragment itself is public."""
    assert resolved(url, base, SITE) == (whole, False)


def test_what_is_elsewhere_is_told_apart():
    """`https` alone; the page's policy has to allow it."""
    assert resolved("https://cdn.test/a.js", "/x", SITE) == (
        "https://cdn.test/a.js",
        True,
    )


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "java\tscript:alert(1)",
        "data:text/javascript,alert(1)",
        "blob:https://shop.test/1",
        "http://cdn.test/a.js",
        "http://shop.test:9999/a.js",
        "//cdn.test/a.js",
        "/\\cdn.test/a.js",
        "\\\\cdn.test/a.js",
        "https://shop.test@cdn.test/a.js",
        "https://a:b@cdn.test/a.js",
        "https:///a.js",
        "http://[::1/a.js",
        "http://shop.test:port/a.js",
        " /a.js",
        "file:///etc/passwd",
    ],
)
def test_nothing_is_loaded_from_elsewhere(url):
    """Neither what runs by itself, nor what another host could change on its way."""
    with pytest.raises(RefusedUrl):
        resolved(url, "/cart/mini", SITE)


def test_what_is_relative_needs_a_public_fragment():
    """A browser could not ask for it."""
    with pytest.raises(RefusedUrl, match="its fragment is not public"):
        resolved("a.css", "", SITE)
