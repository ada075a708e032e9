"""What HTML says of its elements (https://html.spec.whatwg.org/#parsing-main-inbody)."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


VOID = _names(
    "area base basefont bgsound br col embed hr image img input keygen link meta param"
    " source track wbr"
)

RAW = _names("iframe noembed noframes noscript script style textarea title xmp")
"""Their content has no tags, and ends only at their own end tag."""

OF_THE_PAGE = _names("base body frame frameset head html plaintext")
"""A page has them; a piece of it has not."""

HEADINGS = _names("h1 h2 h3 h4 h5 h6")

ENDS_P = HEADINGS | _names(
    "address article aside blockquote center dd details dialog dir div dl dt fieldset"
    " figcaption figure footer form header hgroup hr li listing main menu nav ol p pre"
    " search section summary table ul xmp"
)
"""Their start tags end a paragraph."""

INTEGRATION = frozenset(
    {"svg desc", "svg foreignobject", "svg title"}
    | {"math mi", "math mn", "math mo", "math ms", "math mtext"}
)
"""Elements of SVG and MathML that have HTML in them."""

SCOPE = INTEGRATION | _names(
    "applet caption html marquee object select table td template th"
)
"""What is open outside of them is not closed by an end tag within."""

P_SCOPE = SCOPE | {"button"}
"""The same, for a paragraph."""

MARKERS = _names("applet caption marquee object td template th")
"""Formatting does not go on into them."""

_FORMATTING = _names(
    "a b big code em font i nobr s small strike strong tt u applet marquee object"
)
_BLOCKS = ENDS_P | _FORMATTING | _names("button")

SPECIAL = (
    SCOPE
    | ENDS_P
    | VOID
    | RAW
    | OF_THE_PAGE
    | _names("button col colgroup tbody tfoot thead tr")
)
"""The end tag of an ordinary element closes none of these on its way."""

ITEMS = _names("dd dt li")
NO_BARRIER_TO_ITEMS = _names("address div p")

ITEM_SPECIAL = SPECIAL - NO_BARRIER_TO_ITEMS
"""Beyond them, an item that is open is not ended by another one."""

ROWS = _names("table tbody tfoot thead tr")
"""What stands directly within them stands before the table."""

_TABLE = _names("table template")
_BODIES = _names("tbody tfoot thead")

PARENTS = {
    **dict.fromkeys(("caption", "colgroup", "tbody", "tfoot", "thead"), _TABLE),
    "col": _names("colgroup table"),
    "tr": _TABLE | _BODIES,
    "td": _TABLE | _BODIES | {"tr"},
    "th": _TABLE | _BODIES | {"tr"},
}
"""Parts of a table, and what each stands in."""

IN_SELECT = _names(
    "b button div em hr i img optgroup option script selectedcontent span strong"
    " template"
)
"""What every browser lets stand in a `<select>`, or ignores and means nothing."""

ENDS_SELECT = _names("input keygen textarea")

SIBLINGS = {
    "option": _names("option"),
    "optgroup": _names("option optgroup"),
    **dict.fromkeys(("rb", "rt", "rtc", "rp"), _names("rb rt rtc rp")),
    **dict.fromkeys(HEADINGS, HEADINGS),
}
"""Their start tags end one of these that is open just there."""

MAY_LACK_END = ITEMS | PARENTS.keys() | SIBLINGS.keys() - HEADINGS | {"p"}

LEAVES_FOREIGN = HEADINGS | _names(
    "b big blockquote body br center code dd div dl dt em embed font head hr i img li"
    " listing menu meta nobr ol p pre ruby s small span strike strong sub sup table tt"
    " u ul var"
)
"""Their start tags end an `<svg>` or a `<math>`."""

UNCLEAR = _names("annotation-xml malignmark mglyph")
"""What they have in them depends on more than their names."""

NOT_CONTENT = _names("link meta script style template")
"""What may stand before that with which a piece begins."""


def barriers(name: str) -> frozenset[str]:
    """Return what an end tag of that name does not reach beyond."""
    if name == "template":
        return frozenset()
    if name == "table" or name in PARENTS:
        return _TABLE
    if name == "p":
        return P_SCOPE
    if name == "li":
        return SCOPE | {"ol", "ul"}
    if name == "select":
        return SCOPE - {"select"}
    return SCOPE if name in _BLOCKS else SPECIAL


TEXT = _names(
    "abbr b bdi bdo cite code data del dfn em i ins kbd label mark output q s samp"
    " small span strong sub sup time u var"
)
"""What stands in text and has text in it, whatever is around."""

BLOCKS = _names(
    "address article aside blockquote details dialog div fieldset figcaption figure"
    " footer header hgroup legend main nav search section summary"
)
"""What has anything in it."""

PLAIN = TEXT | _names(
    "audio canvas font map meter picture progress ruby slot strike tt video"
)
"""Nothing is closed by their start tags."""

HOLDS_NOTHING = VOID | RAW

NOT_IN_ITSELF = {"a": MARKERS, "button": SCOPE, "nobr": SCOPE}
"""What ends one of its own kind, and that beyond which it does not."""

MODES = ROWS | {"caption", "td", "template", "th"}
"""What decides how the tags of a table are read."""
