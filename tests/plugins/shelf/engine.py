"""The engine: how glassware drives the server."""

import hashlib
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from glassware.engines import Access, Engine, Grant, Launch, Place, Program, programs
from glassware.errors import EngineError

from .client import Shelf


class ShelfEngine(Engine):
    """The engine `shelf`."""

    name = "shelf"
    extra = "shelf"
    variables: Mapping[str, str] = {
        "SHELF_URL": "{url}",
        "SHELF_PASSWORD": "{password}",
    }

    def embedded(self) -> Program:
        """Return the server of this package."""
        path = Path(__file__).with_name("server.py")
        return Program(source="embedded", version="1.0", path=path)

    def prepare(self, place: Place) -> None:
        """Make the folder, and the administrator's password in it."""
        try:
            place.data.mkdir(mode=0o700, parents=True, exist_ok=True)
            programs.wait_for(place.data / "lock")
            digest = hashlib.sha256(place.password.encode()).hexdigest()
            (place.data / "admin").write_text(digest)
        except OSError as error:
            raise EngineError(f"`{place.data}` cannot be used: {error}") from error

    def launch(self, place: Place) -> Launch:
        """Return the program that serves `place`."""
        return Launch(
            argv=(
                *programs.alone_with(place.data / "lock"),
                *programs.dying_with_parent(signal.SIGTERM),
                *(sys.executable, "-P", str(place.program.path)),
                *(str(place.port), str(place.data)),
            )
        )

    def admin_url(self, place: Place) -> str:
        """Return how the administrator gets in."""
        return f"shelf://admin:{place.password}@127.0.0.1:{place.port}"

    def ready(self, admin_url: str) -> bool:
        """Ask for a sign of life."""
        try:
            return bool(Shelf(admin_url).ask("ping"))
        except PermissionError:
            raise EngineError("the shelf refuses", hint="check its URL") from None
        except OSError:
            return False

    def provision(self, admin_url: str, grant: Grant) -> None:
        """Let the service in."""
        digest = hashlib.sha256(grant.password.encode()).hexdigest()
        Shelf(admin_url).ask("admit", digest)

    def access(self, admin_url: str, grant: Grant) -> Access:
        """Return how the service gets in."""
        place = admin_url.rpartition("@")[2]
        url = f"shelf://service:{quote(grant.password, safe='')}@{place}/shelf"
        host, _, port = place.partition(":")
        return Access(
            url=url,
            native_url=url,
            host=host,
            port=int(port),
            user="service",
            password=grant.password,
            name="shelf",
        )

    def wipe(self, admin_url: str, grant: Grant) -> None:
        """Let nobody in, and have nothing."""
        Shelf(admin_url).ask("wipe")

    def mark(self, admin_url: str, grant: Grant) -> None:
        """Remember the lines."""
        Shelf(admin_url).ask("mark")

    def rewind(self, admin_url: str, grant: Grant) -> None:
        """Bring the lines back."""
        try:
            Shelf(admin_url).ask("rewind")
        except LookupError as error:
            raise EngineError(f"the shelf: {error}") from error

    def explain(self, log: str) -> EngineError:
        """Return what the server said."""
        return programs.failure("the shelf ended", log, {})


engine = ShelfEngine()
