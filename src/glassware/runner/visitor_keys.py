"""The keys that visitors' tokens are signed with, as they lie in the state folder.

They outlive the site's runs, or everybody would be signed out by a restart. The
newest one signs. An older one counts for as long as a token that it signed may.
"""

import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from glassware.errors import GlasswareError
from glassware.files import write_whole
from glassware.tokens import Key


FILE = "visitor-keys.json"

DAY = 86_400.0
ROTATED_AFTER = 30 * DAY
"""Seconds after which a key is replaced."""

_SPARE = DAY
"""For workers that sign on while they drain, and for clocks that are set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorKey:
    """One key.

    Attributes:
        name: The key id.
        private: As `tokens.Key` has it.
        public: Likewise.
        made: The epoch second.
        replaced: The epoch second at which a newer one took over; `None`: it signs.
    """

    name: str
    private: str = field(repr=False)
    public: str
    made: float
    replaced: float | None = None


class VisitorKeys:
    """The keys of one site, the newest one last; made when they are first asked for.

    Args:
        folder: The state folder.
        wall: Seconds since the epoch, by a clock that may be set.
    """

    def __init__(self, folder: Path, wall: Callable[[], float] = time.time) -> None:
        self._path = folder / FILE
        self._wall = wall
        self._keys: tuple[VisitorKey, ...] | None = None

    def all(self) -> tuple[VisitorKey, ...]:
        """Return every key that counts; none were made where nobody signed in.

        Raises:
            GlasswareError: The file is damaged.
        """
        if self._keys is None:
            self._keys = _read(self._path)
        return self._keys

    def public(self) -> dict[str, str]:
        """Return the public keys by key id, the newest one last.

        Raises:
            GlasswareError: The file is damaged.
            OSError: A first key cannot be kept.
        """
        return {key.name: key.public for key in self.all() or self.rotate()}

    def signing(self) -> str:
        """Return `KEY_ID:PRIVATE_KEY` of the one that signs.

        Raises:
            GlasswareError: The file is damaged.
            OSError: A first key cannot be kept.
        """
        newest = (self.all() or self.rotate())[-1]
        return f"{newest.name}:{newest.private}"

    def are_due(self) -> bool:
        """Tell whether it is time for a new key."""
        return any(
            key.replaced is None and self._wall() > key.made + ROTATED_AFTER
            for key in self.all()
        )

    def rotate(self) -> tuple[VisitorKey, ...]:
        """Make a new key, which signs from now on; the others still count.

        Raises:
            GlasswareError: The file is damaged.
            OSError: It cannot be kept; all is as it was.
        """
        now, made = self._wall(), Key.generate()
        before = (
            key if key.replaced is not None else replace(key, replaced=now)
            for key in self.all()
        )
        new = VisitorKey(
            name=secrets.token_urlsafe(6),
            private=made.text,
            public=made.public,
            made=now,
        )
        return self._keep((*before, new))

    def drop(self, remember: float) -> bool:
        """Forget the keys whose last tokens have expired; tell whether there were any.

        Args:
            remember: The most seconds that a token lives.

        Raises:
            GlasswareError: The file is damaged.
            OSError: It cannot be written; all is as it was.
        """
        oldest = self._wall() - remember - _SPARE
        kept = tuple(
            key for key in self.all() if key.replaced is None or key.replaced > oldest
        )
        if kept == self.all():
            return False
        self._keep(kept)
        return True

    def mend(self) -> None:
        """Write the file anew, if somebody removed it while the site runs.

        Raises:
            OSError: It cannot be written now.
        """
        if self._keys and not self._path.exists():
            self._keep(self._keys)

    def _keep(self, keys: Sequence[VisitorKey]) -> tuple[VisitorKey, ...]:
        text = json.dumps({"keys": [asdict(key) for key in keys]}, indent=1) + "\n"
        write_whole(self._path, text, mode=0o600)
        self._keys = tuple(keys)
        return self._keys


def _read(path: Path) -> tuple[VisitorKey, ...]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return tuple(VisitorKey(**key) for key in said["keys"])
    except FileNotFoundError:
        return ()
    except (ValueError, KeyError, TypeError) as error:
        raise GlasswareError(
            f"`{path}` is damaged: {error!r}",
            hint=f"remove `{path}`: every visitor has to sign in again then",
        ) from error
