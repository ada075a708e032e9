"""Pieces of HTML in places of a page, read by the browser's own parser."""

from playwright.sync_api import Page

from glassware.website.enclose.elements import ITEMS, PARENTS
from glassware.website.enclose.tree import Tree


PLACES = {
    "body": "{}",
    "item": "<ul><li>{}</li><li>2</li></ul>",
    "cell": "<table><tbody><tr><td>{}</td><td>2</td></tr></tbody></table>",
    "definition": "<dl><dt>1</dt><dd>{}</dd><dt>2</dt></dl>",
    "section": "<main><section>{}</section><p>2</p></main>",
    "template": "<div><template>{}</template></div>",
}
"""What is around the place in the page."""

_READ = """
([places, piece, written]) => {
  const wrong = [];
  for (const [name, around] of Object.entries(places)) {
    const inner = `<div id=before>b</div><div id=place>${piece}</div>`
      + `<div id=after>a</div>`;
    const page = '<!doctype html><html><head><title>t</title></head><body>'
      + around.replace('{}', () => inner) + '<div id=end>e</div></body></html>';
    let it;
    if (written) {
      window.frame ??= document.body.appendChild(document.createElement('iframe'));
      it = frame.contentDocument;
      it.open(); it.write(page); it.close();
    } else {
      it = new DOMParser().parseFromString(page, 'text/html');
    }
    const root = name === 'template' ? it.querySelector('template').content : it;
    const [before, place, after] = ['before', 'place', 'after'].map(
      id => root.querySelectorAll('#' + id));
    const end = it.getElementById('end');
    const parent = {item: 'LI', cell: 'TD', definition: 'DD', section: 'SECTION'};
    const checks = {
      one: before.length === 1 && place.length === 1 && after.length === 1,
      siblings: before[0]?.nextSibling === place[0]
        && place[0]?.nextSibling === after[0] && after[0]?.nextSibling === null
        || name === 'body' && place[0]?.nextSibling === after[0],
      parent: name === 'template' ? after[0]?.parentNode === root
        : after[0]?.parentNode?.tagName === (parent[name] ?? 'BODY'),
      text: after[0]?.innerHTML === 'a',
      end: end?.parentNode === it.body && end?.innerHTML === 'e'
        && it.body.lastChild === end,
      around: it.title === 't' && it.body.attributes.length === 0
        && it.documentElement.attributes.length === 0
        && it.head.innerHTML === '<title>t</title>'
        && [...it.body.querySelectorAll('base, frameset')].every(
          each => each.namespaceURI !== it.body.namespaceURI),
    };
    for (const [check, fine] of Object.entries(checks))
      if (!fine) wrong.push(`${name}: ${check}: ${it.body?.innerHTML}`);
  }
  return wrong;
}
"""


def escapes(page: Page, piece: str) -> list[str]:
    """What a piece has changed outside its place, with scripts and without.

    One that begins with rows or items is for a table or a list of the page: it is
    tried in no other ones.
    """
    tree = Tree(piece)
    tree.enclosed()
    lists = ("item", "cell", "definition") if tree.begins in {*PARENTS, *ITEMS} else ()
    places = {name: around for name, around in PLACES.items() if name not in lists}
    wrong: list[str] = []
    for written in (True, False):
        wrong += page.evaluate(_READ, [places, piece, written])
    return wrong
