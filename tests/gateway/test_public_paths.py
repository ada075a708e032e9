"""No spelling of a path reaches what is not public.

The targets are sent as they stand, on a raw socket. Each would be, for some
proxy or some framework, another way to write `/internal/secret`.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.backend import Backend
from gateway.envoy_site import EnvoySite, public
from gateway.exchange import ask, raw
from gateway.kinds import Share


TARGETS = (
    "/internal/secret",
    "/internal/secret/",
    "/internal/secret?x",
    "/internal/secret?",
    "/internal/secret#f",
    "/internal/secret;x=1",
    "/internal;x/secret",
    "//internal/secret",
    "///internal/secret",
    "//internal//secret",
    "/internal//secret",
    "/./internal/secret",
    "/internal/./secret",
    "/internal/secret/.",
    "/internal/secret/..",
    "/public/../internal/secret",
    "/public/..//internal/secret",
    "/public/..;/internal/secret",
    "/public/.;/../internal/secret",
    "/../internal/secret",
    "/public/%2e%2e/internal/secret",
    "/public/%2E%2e/internal/secret",
    "/public/.%2e/internal/secret",
    "/%2e/internal/secret",
    "/public/%252e%252e/internal/secret",
    "/%2finternal/secret",
    "/%2Finternal/secret",
    "/internal%2fsecret",
    "/internal%2Fsecret",
    "/%5cinternal/secret",
    "/internal%5csecret",
    "/internal\\secret",
    "\\internal\\secret",
    "/public/..\\internal\\secret",
    "/public\\..\\internal/secret",
    "/%69nternal/secret",
    "/internal/%73ecret",
    "/%69%6e%74%65%72%6e%61%6c/%73%65%63%72%65%74",
    "/%2569nternal/secret",
    "/internal/secret%00",
    "/internal%00/secret",
    "/internal/secret%0a",
    "/internal/secret%20",
    "/%20/internal/secret",
    "/internal/secret%23",
    "/internal/secret%3f",
    "/internal/sec\tret",
    "/internal/secret\x00",
    "/internal/secret\x7f",
    "/internal/\xffsecret",
    "/%c0%afinternal/secret",
    "/%c0%ae%c0%ae/internal/secret",
    "/%e2%88%95internal/secret",
    "/%u0069nternal/secret",
    "/Internal/../internal/secret",
    "internal/secret",
    "./internal/secret",
    "*",
    "http://localhost/internal/secret",
    "http://localhost//internal/secret",
    "https://localhost/internal/secret",
    "http://evil.test/internal/secret",
    "localhost:80",
)


Guarded = tuple[EnvoySite, Backend]


@pytest.fixture(scope="module")
def guarded(shared: Share) -> Guarded:
    """A site that publishes all of a service but `/internal`."""
    made, workers = shared(
        "front", public("front", "/", except_=("/internal/*", "/a:b/<x>", "/~é/*"))
    )
    return made, workers["front"]


@pytest.mark.parametrize("target", TARGETS, ids=ascii)
@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_no_spelling_reaches_the_inside(
    guarded: Guarded, target: str, version: str
) -> None:
    """The service never sees a path that means `/internal` to it."""
    site, worker = guarded
    worker.seen.clear()

    raw(
        site.port,
        f"GET {target} HTTP/{version}\r\nHost: localhost\r\n\r\n".encode("latin-1"),
    )

    assert not any(inside(path) for path in worker.seen)


def test_there_are_as_many_spellings_as_were_measured() -> None:
    """None was dropped."""
    assert len(set(TARGETS)) == 63


CHARACTERS = st.sampled_from([*"/internalsecret.;:~\\%ab", "é", "//", "..", "%2"])
ENCODED = CHARACTERS.map(lambda text: "".join(f"%{byte:02x}" for byte in text.encode()))


@settings(max_examples=400, deadline=None)
@given(
    st.lists(CHARACTERS | ENCODED, max_size=6),
    st.sampled_from(
        ["/internal/secret", "/a:b/c", "/a%3ab/c", "/~%c3%a9/x", "/%7e%C3%A9", ""]
    ),
    st.lists(CHARACTERS | ENCODED, max_size=4),
)
def test_no_generated_path_reaches_the_inside(
    guarded: Guarded, before: list[str], middle: str, after: list[str]
) -> None:
    """What the gateway lets through is public to the service as well."""
    site, worker = guarded
    worker.seen.clear()
    target = f"/{''.join(before)}{middle}{''.join(after)}"

    ask(site.port, target.encode().decode("latin-1"))

    assert not any(inside(path) for path in worker.seen), target


def inside(path: str) -> bool:
    """Tell whether Flask could match `path` with a rule that is not public."""
    parts = [
        "",
        *path.encode("latin-1").decode(errors="replace").lstrip("/").split("/"),
    ]
    guarded = {"internal", "~é"}
    return parts[1] in guarded or (
        parts[1] == "a:b" and len(parts) == 3 and parts[2] != ""
    )
