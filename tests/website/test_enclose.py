"""What becomes of pieces of HTML that are broken."""

import pytest

from glassware.website.enclose import enclose
from glassware.website.enclose.tree import Tree
from glassware.website.enclose.well import is_well_formed


CARD = """
<article class="card" id="p1" data-x='1' @click="open">
  <h3><a href="/catalog/1?a=1&amp;b=2">A thing</a></h3>
  <!-- a remark -->
  <p>Some <b>words</b><br>about it</p>
  <ul><li>one</li><li>two <a href="/x"><div>block</div></a></li></ul>
  <table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table>
  <form method="post"><input name="q" required><button type="submit">Go</button>
  <select name=s><option value="1">1</option></select></form>
</article>
"""

WELL_FORMED = [
    "",
    "just words, 1 < 2 & so on",
    CARD,
    "<li>one</li><li>two</li>",
    "<tr><td>a row of the page's table</td></tr>",
    "<option>a</option>",
    "<svg viewBox='0 0 1 1'><path d='M0 0'/><title>x</title></svg>",
    "<math><mi>x</mi></math>",
    "<script>if (a < b && '</div>') { }</script><p>x</p>",
    "<script><!--<script></script>--></script><p>x</p>",
    "<style>a > b { }</style><textarea><div></textarea>",
    "<template><tr><td>x</td></tr></template>",
    "<noscript><img src='/x'></noscript>",
    "<table><form><tr><td><input></td></tr></form></table>",
    "<my-element a=b>x</my-element>",
    "<DIV>x</DIV>",
    "<?php x ?><!-- --!>",
]

MENDED = [
    ("<div><p>a", "<div><p>a</p></div>", "line 1: `<div>` is not closed"),
    ("a</div>\n</p>b", "a\nb", "line 2: `</p>` closes nothing"),
    ("<b><i>x</b>y", "<b><i>x</i></b>y", "line 1: `<i>` is not closed"),
    ("x<!-- y", "x", "line 1: a comment is not ended"),
    ("<svg><![CDATA[a<b", "<svg>a&lt;b</svg>", "line 1: `<![CDATA[` is not ended"),
    ('x<a href="', "x", "line 1: `<a` is not ended"),
    ("<p>x</", "<p>x</p>", "line 1: `</` is not ended"),
    ("<script>run(", "", "line 1: `<script>` is not ended"),
    ("<style>a {", "<style>a {</style>", "line 1: `<style>` is not ended"),
    ("<textarea></textarea ", "<textarea></textarea>", "is not ended"),
    ("<plaintext>x", "x", "`<plaintext>` is not for a piece of a page"),
    ("<!DOCTYPE html><p>x</p>", "<p>x</p>", "`<!doctype>` is for a whole page"),
    ("<html><body id=x>y</body></html>", "y", "`<body>` is not for a piece"),
    ("<base href=//x>", "", "`<base>` is not for a piece"),
    ("<meta http-equiv=refresh content=0>", "", "this `<meta>` is for a whole page"),
    ("<a>x<a>y</a>", "<a>x</a><a>y</a>", "`<a>` is not closed"),
    ("<form><form></form>", "<form></form>", "`<form>` stands in nothing it can"),
    ("<div><tr><td>x</div>", "<div>x</div>", "`<tr>` stands in nothing it can"),
    ("<div><li>x</div>", "<div>x</div>", "`<li>` stands in nothing it can"),
    ("<svg><p>x</svg>", "<svg></svg><p>x</p>", "`<svg>` is not closed"),
    ("<h1>x</h2>", "<h1>x</h1>", "`</h2>` closes `<h1>`"),
    ("<noscript><!--</noscript>x", "<noscript></noscript>x", "a comment is not ended"),
    ("<select><svg></svg></select>", "<select></select>", "is not for a `<select>`"),
    (
        "<template shadowrootmode=open>x</template>",
        "<template>x</template>",
        "a shadow root at the top would be the page's",
    ),
]


@pytest.mark.parametrize("html", WELL_FORMED)
def test_what_is_well_formed_passes_as_it_is(html):
    """Not a byte of it changes, and nothing is said."""
    enclosed = enclose(html)
    assert enclosed.html is html
    assert enclosed.faults == ()


@pytest.mark.parametrize(("html", "mended", "fault"), MENDED)
def test_what_is_broken_is_mended_and_told(html, mended, fault):
    """It stays within its place, and its author learns why, with the line."""
    enclosed = enclose(html)
    assert enclosed.html == mended
    assert any(fault in each for each in enclosed.faults)


@pytest.mark.parametrize(
    ("html", "written_out"),
    [
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"),
        ("<dl><dt>a<dd>b</dl>", "<dl><dt>a</dt><dd>b</dd></dl>"),
        (
            "<table><tr><td>a<td>b<tr><td>c</table>",
            "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
        ),
        (
            "<select><option>a<optgroup><option>b</select>",
            "<select><option>a</option><optgroup><option>b</option></optgroup></select>",
        ),
    ],
)
def test_end_tags_that_html_lets_one_leave_out_are_no_fault(html, written_out):
    """They are written out, so that the end of the piece is known."""
    enclosed = enclose(html)
    assert enclosed.html == written_out
    assert enclosed.faults == ()


@pytest.mark.parametrize("html", WELL_FORMED)
def test_what_is_told_apart_fast_is_nothing_else(html):
    """The fast way calls nothing well-formed that the thorough one would change."""
    tree = Tree(html)
    if is_well_formed(html):
        assert tree.enclosed() is html
        assert tree.faults == []


def test_the_usual_piece_is_told_apart_fast():
    """What fragments are made of needs no thorough reading."""
    assert is_well_formed(CARD)


def test_a_piece_full_of_faults_tells_ten():
    """Ten lines of a log say as much as a thousand."""
    assert len(enclose("</p>" * 1000).faults) == 10


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 20_000,
        "<a b='" * 20_000,
        "<!--" * 20_000,
        "<a " + "b=c " * 50_000,
        "<script><!--<script>" * 10_000,
        "<p><b>" * 10_000,
        "<" * 100_000,
        "<noscript>" * 20_000,
    ],
)
@pytest.mark.timeout(20)
def test_nothing_takes_long(html):
    """The time that a piece takes grows with its length and no faster."""
    enclose(html)
