"""Fragments that try to leave their place, in a real browser's own parser."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glassware.website.enclose import enclose
from website.chromium import CHROMIUM, chromium_page
from website.pieces import escapes


pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(180),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]

NASTY = [
    "</div></div></section></body></html>",
    "</td></tr></table></li></ul></dd></dl>",
    "<div><div><p><b><i><a href=x>",
    "<b><i><u><font color=red>text",
    "<!-- everything after this is a comment",
    "<!--><!---><!-- --!>",
    "<script>document.write('<plaintext>')",
    "<script><!--<script></script>",
    "<style>* { display: none",
    "<textarea>",
    "<title>mine",
    "<plaintext>",
    "<xmp>",
    "<iframe>",
    "<noembed>",
    "<noframes>",
    "<noscript><!--</noscript>",
    '<noscript><p title="</noscript><img src=x>',
    "<a href='",
    '<img alt="',
    "<",
    "</",
    "<!",
    "<?",
    "<![CDATA[",
    "<svg><![CDATA[",
    "<svg><style><!--",
    "<svg></p><style><!--</style>",
    "<math><mi><table><mglyph><style><!--</style>",
    "<math><annotation-xml encoding=text/html><p>",
    "<svg><foreignObject><div></svg><p>",
    "<svg><title><b></svg>",
    "<select><style><!--</style></select>",
    "<select><textarea><!--</textarea>",
    "<select><input></select>",
    "<select><select></select>",
    "<template><col><textarea><!--</textarea></template>",
    "<template shadowrootmode=open><p>all of it is hidden</p></template>",
    "<template></div></template></div>",
    "<table><div></table></div></div>",
    "<table><td><table></table></table>",
    "<table><tr><td></div></table>",
    "<div><td></td><tr></tr></div>",
    "<div><li></li><dd></dd></div>",
    "<p><table></p></table>",
    "<a><table><a></table></a>",
    "<form><div></form></div>",
    "<table><form></table>",
    "<button><button></button>",
    "<h1><h2></h1>",
    "<ruby><rt><rt><div>",
    "<object><applet><marquee>",
    "<body onload=alert(1) class=mine><html lang=xx>",
    "<frameset><frame></frameset>",
    "<base href=//example.org target=_blank>",
    "<meta http-equiv=refresh content='0;url=//example.org'>",
    "<!doctype html><html><head><title>x</title></head><body>y</body></html>",
    "<div =\"></div>'>",
    "<div a=b/>",
    "<nobr><nobr><div></nobr>",
    "<lin\u212a><div>",
]

_NAMES = [
    "a",
    "b",
    "i",
    "nobr",
    "p",
    "div",
    "span",
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "table",
    "tbody",
    "thead",
    "tfoot",
    "tr",
    "td",
    "th",
    "caption",
    "colgroup",
    "col",
    "select",
    "option",
    "optgroup",
    "hr",
    "button",
    "form",
    "h1",
    "h2",
    "svg",
    "math",
    "mi",
    "mtext",
    "title",
    "foreignObject",
    "desc",
    "style",
    "script",
    "textarea",
    "noscript",
    "iframe",
    "xmp",
    "noembed",
    "noframes",
    "template",
    "object",
    "marquee",
    "applet",
    "br",
    "input",
    "img",
    "meta",
    "base",
    "body",
    "html",
    "head",
    "frameset",
    "frame",
    "plaintext",
    "pre",
    "image",
    "ruby",
    "rt",
    "rp",
    "annotation-xml",
    "mglyph",
    "g",
    "font",
    "code",
    "section",
    "fieldset",
    "label",
    "video",
    "embed",
]
_ATTRIBUTES = ["", "", " x", " a='>'", "/", " encoding=text/html", " =", ' b="']
_ODD = [
    *(
        "<",
        "</",
        "<!",
        "<!--",
        "-->",
        "--!>",
        "<!-->",
        "<![CDATA[",
        "]]>",
        "<?x",
        "</>",
    ),
    *(
        '"',
        "'",
        "=",
        ">",
        "/>",
        " ",
        "\n",
        "x",
        "\0",
        "\f",
        "</script ",
        "<!doctype x>",
    ),
    *("<script><!--<script>", "<template shadowrootmode=open>", "<path d=a/>"),
]

TOKENS = st.one_of(
    st.builds("<{}{}>".format, st.sampled_from(_NAMES), st.sampled_from(_ATTRIBUTES)),
    st.builds("</{}>".format, st.sampled_from(_NAMES)),
    st.sampled_from(_ODD),
)


@pytest.fixture(scope="module")
def page():
    """A blank page in a real browser."""
    with chromium_page() as page:
        yield page


@pytest.mark.parametrize("piece", NASTY)
def test_no_nasty_fragment_escapes(page, piece):
    """What stands after it in the page stands where it would without it."""
    assert escapes(page, enclose(piece).html) == []


def test_what_escapes_is_seen(page):
    """The check of these tests can fail: untreated, nearly all of them escape."""
    escaping = [piece for piece in NASTY if escapes(page, piece)]
    assert len(escaping) > len(NASTY) / 2


@given(tokens=st.lists(TOKENS, max_size=9))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_fragment_escapes(page, tokens):
    """Whatever it is made of; what was mended once needs no mending again."""
    piece = "".join(tokens)
    mended = enclose(piece).html
    assert enclose(mended).html == mended
    assert escapes(page, mended) == []
