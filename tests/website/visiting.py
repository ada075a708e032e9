"""The files that tell services of visitors, as the supervisor would write them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flask import Flask

from glassware.current import Incoming
from glassware.directory import Rule, read_directory, write_directory
from glassware.service.visit_tokens import Purpose, Visit, VisitSigner
from glassware.tokens import Key
from glassware.visitors import FILE, Visiting, write_visiting
from website.joined import Joined, Told


@dataclass
class House:
    """A site whose visitors sign in at `accounts`.

    Attributes:
        folder: Its state folder.
        key: What their tokens are signed with.
        visiting: How they are known.
    """

    folder: Path
    key: Key = field(default_factory=Key.generate)
    visiting: Visiting = field(default_factory=Visiting)

    def __post_init__(self) -> None:
        said = {"site": "shop", "sign_in": "accounts.login"}
        self.say(**said, keys={"k1": self.key.public})

    @property
    def file(self) -> str:
        """Where services read it."""
        return str(self.folder / FILE)

    @property
    def secret(self) -> str:
        """What the service that signs visitors in is given."""
        return f"k1:{self.key.text}"

    def say(self, **changed: Any) -> None:
        """Write the file anew, with some things changed."""
        self.visiting = replace(self.visiting, **changed)
        new = self.folder / "new"
        new.write_text(write_visiting(self.visiting))
        new.replace(self.file)

    def signer(self, site: str = "shop") -> VisitSigner:
        """Return what makes tokens."""
        return VisitSigner(site, self.secret)

    def token(
        self,
        user: str = "7",
        purpose: Purpose = "visitor",
        lifetime: float = 300.0,
        **said: Any,
    ) -> str:
        """Return a token of this site."""
        visit = Visit(**{"user": user, "session": "s", "since": time.time()} | said)
        return self.signer().sign(visit, purpose, lifetime)

    def told(self, app: Callable[[], Flask], name: str = "", **more: Any) -> Told:
        """Return what the plan says of a service; `accounts` gets the private key."""
        said = {"site": "shop", "visitors": self.file, **more}
        if name == "accounts":
            said["visitor_key"] = self.secret
        return Told(app=app, more=said)

    def variables(self, name: str) -> dict[str, str]:
        """Return the variables of a service that the test itself is."""
        own = {"GLASSWARE_VISITOR_KEY": self.secret} if name == "accounts" else {}
        return {
            "GLASSWARE_SITE": "shop",
            "GLASSWARE_SERVICE": name,
            "GLASSWARE_URL": "http://localhost",
            "GLASSWARE_VISITORS": self.file,
            **own,
        }


def tell_rules(site: Joined, service: str, **rules: str) -> None:
    """Let the directory say what a service answers to, as a worker reports it."""
    directory = read_directory(site._file.read_text())
    entry = replace(
        directory.services[service],
        rules=tuple(
            Rule(endpoint=endpoint, rule=rule, places=(0,))
            for endpoint, rule in rules.items()
        ),
    )
    services = {**directory.services, service: entry}
    site._file.write_text(write_directory(replace(directory, services=services)))


def bearing(token: str) -> Incoming:
    """Return a request that the gateway, or a neighbour, has sent with a token."""
    return Incoming(visitor=token)


def with_cookie(token: str, name: str = "visitor") -> Incoming:
    """Return a request of a browser that has a token."""
    return Incoming(cookie=f"theme=dark; {name}={token}; other=1")
