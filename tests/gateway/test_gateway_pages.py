"""The pages that the gateway itself answers."""

from html.parser import HTMLParser

import pytest

from gateway.envoy_site import EnvoySite, public, running
from gateway.kinds import Site, Start
from glassware.status import Endpoint


HTML = {"Accept": "text/html"}
RULES = (
    Endpoint(name="index", rule="/", methods=("GET",)),
    Endpoint(name="show", rule="/products/<int:id>", methods=("GET", "POST")),
    Endpoint(name="<script>", rule="/<script>alert(1)</script>", methods=("GET",)),
)


class Document(HTMLParser):
    """A page, taken apart."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag, and where a link leads."""
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        """Keep what is read."""
        self.words += data


@pytest.fixture
def developed(site: Site, worker: Start) -> EnvoySite:
    """A site in development with a few rules."""
    made = site(public("catalog", "/catalog"), public("front", "/front"))
    target = worker("front").target
    made.start(
        running("catalog", target, endpoints=RULES),
        running("front", target, endpoints=RULES * 2000),
    )
    return made


def test_a_404_of_development_lists_what_there_is(developed: EnvoySite) -> None:
    """Every service with its address and its rules, links where a link can be."""
    answer = developed.ask("/nothing", headers=HTML)
    page = Document(answer.text)

    assert answer.status == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "/catalog/products/<int:id>" in page.words
    assert {"/catalog/", "/front/"} <= set(page.links)
    assert "/catalog/products/<int:id>" not in page.links
    assert "script" not in page.tags


def test_only_what_is_public_is_listed(site: Site) -> None:
    """A rule that `only` or `except` keeps inside is not on the page."""
    made = site(
        public("a", "/a", except_=("/products/*",)),
        public("b", "/b", only=("/products/<int:id>",)),
        public("c", "/c", mount="keep"),
    )
    made.start(*(running(name, ("127.0.0.1", 1), endpoints=RULES) for name in "abc"))

    words = Document(made.ask("/", headers=HTML).text).words

    assert "/a/products" not in words
    assert "/b/products/<int:id>" in words
    assert "script" not in words.partition("/b/products")[2]


def test_a_long_list_ends_with_a_count(developed: EnvoySite) -> None:
    """The page stays a page."""
    answer = developed.ask("/nothing", headers=HTML)

    assert "and 4500 more" in answer.text
    assert answer.text.endswith("</html>\n")


def test_a_program_gets_what_it_asks_for(developed: EnvoySite) -> None:
    """An object for JSON, a line for everybody else, no body for `HEAD`."""
    json = developed.ask("/nothing", headers={"Accept": "application/json"})

    assert json.json() == {"error": "Not found", "status": 404}
    assert json.headers["content-type"] == "application/json"
    assert developed.ask("/nothing").body == b"Not found\n"
    assert developed.ask("/nothing", method="HEAD", headers=HTML).body == b""


def test_production_lists_nothing(site: Site) -> None:
    """A 404 is a 404, also for a browser."""
    made = site(public("a", "/a"), hosts=("shop.test",), production=True)
    made.start(running("a", ("127.0.0.1", 1), endpoints=RULES))

    answer = made.ask("/x", headers={**HTML, "Host": "shop.test"})

    assert (answer.status, answer.body) == (404, b"Not found\n")


def test_an_unknown_host_is_told_where_to_declare_it(developed: EnvoySite) -> None:
    """The page names the key of the manifest."""
    answer = developed.ask("/", headers={**HTML, "Host": "192.168.1.5"})

    assert answer.status == 404
    assert "hosts" in Document(answer.text).words


def test_what_envoy_says_by_itself_looks_the_same(developed: EnvoySite) -> None:
    """Its own words never reach a visitor."""
    large = b"x" * (16 * 1024 * 1024 + 1)
    many = {f"a{number}": "1" for number in range(64)}

    body = developed.ask("/front/x", method="POST", headers=HTML, body=large)
    headers = developed.ask("/front/x", headers=HTML | many)

    assert (body.status, headers.status) == (413, 431)
    assert "<code>max_body</code>" in body.text
    assert headers.text == "The request's headers are too large\n"


def test_a_host_is_linked_to_with_its_port(site: Site) -> None:
    """So that the list of what there is leads there in development, too."""
    made = site(public("front", "/a", host="api.localhost"))
    rule = Endpoint(name="show", rule="/show", methods=("GET",))
    made.start(running("front", endpoints=(rule,)))

    page = made.ask("/", headers={"Accept": "text/html"}).text

    assert f'href="//api.localhost:{made.port}/a/"' in page
    assert f'href="//api.localhost:{made.port}/a/show"' in page
