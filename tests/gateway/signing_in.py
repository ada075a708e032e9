"""A site whose visitors sign in, at its gateway: keys, tokens, and who renews them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

from gateway.backend import Backend, break_off
from glassware.service.visit_tokens import Purpose, Visit, VisitSigner
from glassware.tokens import Key
from glassware.visitors import Visiting


HOUR = 3600.0


class Accounts(Backend):
    """A worker that renews tokens, or does whatever `becomes` says in place of it."""

    def __init__(self, name: str, path: Path) -> None:
        super().__init__(name, path)
        self.asked: list[dict[str, str]] = []
        self.becomes = "renewed"

    def _odd_answers(self, app: Flask) -> None:
        super()._odd_answers(app)

        @app.route("/.glassware/renew", methods=["GET", "POST"])
        def renew() -> Response:
            said = {name.lower(): value for name, value in request.headers.items()}
            self.asked.append(said | {":method": request.method})
            if self.becomes == "slow":
                self.release.wait(20)
            if self.becomes == "broken":
                break_off()
            if self.becomes.isdecimal():
                return Response("no", int(self.becomes))
            answer = Response()
            if self.becomes == "renewed":
                answer.headers["X-Glassware-Visitor"] = "fresh"
                answer.set_cookie("visitor", "fresh", httponly=True)
                answer.set_cookie("visitor_renewal", "fresher", httponly=True)
            return answer

        @app.get("/says")
        def says() -> Response:
            """Answer with the headers of the query."""
            fields = list(request.args.items(multi=True))
            return Response("said", headers=fields)


@contextmanager
def accounts(path: Path) -> Iterator[Accounts]:
    """A worker of the service `accounts` that listens until the block ends."""
    worker = Accounts("accounts", path)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


class Signing:
    """The keys of a site, and tokens of its visitors."""

    def __init__(self) -> None:
        self.keys = {"one": Key.generate()}

    def rotate(self, name: str) -> None:
        """Add a key, which signs from now on."""
        self.keys[name] = Key.generate()

    def visiting(self) -> Visiting:
        """Return what the gateway is told."""
        return Visiting(
            site="shop",
            sign_in="accounts.sign_in",
            keys={name: key.public for name, key in self.keys.items()},
        )

    def token(
        self,
        *,
        age: float = 0.0,
        key: Key | None = None,
        name: str = "",
        site: str = "shop",
        purpose: Purpose = "visitor",
    ) -> str:
        """Return the token of a visitor who signed in `age` seconds ago."""
        name = name or list(self.keys)[-1]
        private = (key or self.keys[name]).text
        signer = VisitSigner(site, f"{name}:{private}", wall=lambda: time.time() - age)
        visit = Visit(user="ann", session="s", since=time.time() - age)
        return signer.sign(visit, purpose, 300.0)

    def cookies(self, age: float = HOUR, **more: Any) -> dict[str, str]:
        """Return the header of a browser whose token is so many seconds old."""
        return {"Cookie": f"a=1; visitor={self.token(age=age, **more)}; b=2"}


def set_cookies(fields: list[str]) -> dict[str, str]:
    """Return the cookies that an answer sets, by name; each is set once."""
    found = [morsel for field in fields for morsel in SimpleCookie(field).values()]
    assert len({morsel.key for morsel in found}) == len(found)
    return {morsel.key: morsel.value for morsel in found}
