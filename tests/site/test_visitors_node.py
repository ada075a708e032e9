"""A service that is not Python verifies visitors by what the reference page shows."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from docs.pages import ROOT, blocks
from glassware.runner.visitor_keys import VisitorKeys
from glassware.service.visit_tokens import Visit, VisitSigner
from glassware.tokens import Key
from glassware.visitors import (
    FILE,
    REVOCATIONS,
    Visiting,
    revoke_session,
    revoke_user,
    write_visiting,
)


ASK = """
    const { visitor } = require("./visitor.js");
    const asked = JSON.parse(process.argv[1]);
    const said = asked.map((headers) => visitor({ headers })?.sub ?? null);
    console.log(JSON.stringify(said));
    """


class Verifier:
    """The code of the page, with a site's files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = VisitorKeys(folder)
        page = ROOT / "docs/reference/visitors.md"
        [code] = [b for b in blocks(page) if b.language == "javascript"]
        (folder / "visitor.js").write_text(code.text)
        self.write()

    def write(self, domain: str = "") -> None:
        """Write what the supervisor writes."""
        visiting = Visiting(
            site="shop", sign_in="a.b", keys=self.keys.public(), domain=domain
        )
        (self.folder / FILE).write_text(write_visiting(visiting))

    def token(self, user: str = "ann", **more: object) -> str:
        """Return a token."""
        then = time.time() - float(str(more.get("age", 0)))
        key = str(more.get("key", self.keys.signing()))
        signer = VisitSigner(str(more.get("site", "shop")), key, wall=lambda: then)
        visit = Visit(user=user, session=f"of {user}", since=then)
        purpose = "renewal" if more.get("renewal") else "visitor"
        return signer.sign(visit, purpose, 300)

    def users(
        self, *asked: dict[str, str], url: str = "http://localhost"
    ) -> list[str | None]:
        """Return whom it takes the visitors with these headers for."""
        variables = {
            "GLASSWARE_VISITORS": str(self.folder / FILE),
            "GLASSWARE_URL": url,
        }
        done = subprocess.run(
            ["node", "-e", ASK, json.dumps(asked)],
            cwd=self.folder,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def verifier(tmp_path: Path) -> Verifier:
    """One for the test."""
    if not shutil.which("node"):
        pytest.skip("there is no `node` here")
    return Verifier(tmp_path)


def test_node_knows_who_visits(verifier: Verifier) -> None:
    """By the cookie, or by the header, which counts first; also after a rotation."""
    old = verifier.token("old")
    verifier.keys.rotate()
    verifier.write()
    new = verifier.token("new")

    assert verifier.users(
        {"cookie": f"a=1; visitor={old}; b=2"},
        {"cookie": f"visitor={old}", "x-glassware-visitor": new},
        {"cookie": f"not_visitor={old}"},
        {},
    ) == ["old", "new", None, None]


def test_node_reads_the_cookie_that_counts_over_https(verifier: Verifier) -> None:
    """Any host could have set one without its prefix."""
    token = verifier.token()
    asked = [
        {"cookie": f"{prefix}visitor={token}"}
        for prefix in ("", "__Host-", "__Secure-")
    ]
    https = "https://shop.test"

    assert verifier.users(*asked, url=https) == [None, "ann", None]
    verifier.write(domain="shop.test")
    assert verifier.users(*asked, url=https) == [None, None, "ann"]


def test_node_believes_nothing_that_is_not_proven(verifier: Verifier) -> None:
    """Forged, expired, of another site or purpose, without a signature, broken."""
    name = verifier.keys.signing().partition(":")[0]
    good = verifier.token()
    head, body, signature = good.split(".")
    tokens = [
        verifier.token(key=f"{name}:{Key.generate().text}"),
        verifier.token(key=f"toString:{Key.generate().text}"),
        verifier.token(age=331),
        verifier.token(site="other"),
        verifier.token(renewal=True),
        f"eyJhbGciOiJub25lIn0.{body}.",
        f"eyJhbGciOiJub25lIn0.{body}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}.{'A' * len(signature)}",
        f"{head}.{body[:-2]}.{signature}",
        "x",
        "..",
    ]

    assert verifier.users(*({"x-glassware-visitor": token} for token in tokens)) == (
        [None] * len(tokens)
    )
    assert verifier.users({"x-glassware-visitor": good}) == ["ann"]


def test_node_knows_what_has_ended(verifier: Verifier) -> None:
    """One sign-in, or all of a user before a moment."""
    ended = verifier.folder / REVOCATIONS
    asked = [
        {"x-glassware-visitor": verifier.token(user)} for user in ("ann", "bob", "eve")
    ]
    revoke_session(ended, "of bob", until=time.time() + 1000)
    revoke_user(ended, "eve", until=time.time() + 1000)

    assert verifier.users(*asked) == ["ann", None, None]
    assert verifier.users({"x-glassware-visitor": verifier.token("eve")}) == ["eve"]
