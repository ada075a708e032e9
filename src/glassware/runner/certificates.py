"""The certificate of the public address: the given one, or one for development."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from glassware.errors import GatewayError
from glassware.files import write_whole
from glassware.gateway import ANY, Place, every_host

from .authority import RENEWED_BEFORE, Authority, authority_folder, trusting
from .events import Bulletin, Complaints
from .pem import Certificate, checked, read_pair


SOON = timedelta(days=7)
"""How long before its end a certificate is spoken of."""


class Certificates:
    """Sees that the gateway has a certificate, and the newest one.

    Args:
        folder: The site's.
        state: The site's state folder.
        bulletin: Where news are told.
    """

    def __init__(self, folder: Path, state: Path, bulletin: Bulletin) -> None:
        self._folder = folder
        self._kept = state / "tls.pem"
        self._bulletin = bulletin
        self._complaints = Complaints(bulletin, "gateway")
        self._seen: object = None
        self._before: object = None
        self._last: Certificate | None = None

    def first(self, place: Place) -> Certificate:
        """Return the certificate to begin with.

        Raises:
            GatewayError: There is none that can be shown.
        """
        self._seen = self._before = self._marks(place)
        try:
            self._last = self._pair(place)
        except GatewayError as error:
            if self._last is None:
                raise
            self._complain(error)
        else:
            self._warn(place, self._last)
        return self._last

    def newer(self, place: Place) -> Certificate | None:
        """Return another certificate, if there is one since it was asked last.

        What is being written is left alone until it has not changed for a while;
        what is no good then is told, and the gateway keeps the one that it has.
        """
        marks = self._marks(place)
        if marks == self._seen:
            return None
        if marks != self._before:
            self._before = marks
            return None
        self._seen = marks
        try:
            pair = self._pair(place)
        except GatewayError as error:
            self._complain(error)
            return None
        self._last = pair
        self._complaints.settle()
        self._bulletin.say("gateway", f"has a new certificate, until {pair.last_day}")
        self._warn(place, pair)
        return pair

    def _pair(self, place: Place) -> Certificate:
        tls = place.plan.tls
        if tls is None or tls.certificate is None or tls.key is None:
            return self._own(place)
        return read_pair(self._folder / tls.certificate, self._folder / tls.key)

    def _marks(self, place: Place) -> object:
        """Return what changes when there may be another certificate."""
        tls = place.plan.tls
        if tls is None or tls.certificate is None or tls.key is None:
            return names_of(place), self._ends_within(RENEWED_BEFORE)
        return [_mark(self._folder / name) for name in (tls.certificate, tls.key)]

    def _own(self, place: Place) -> Certificate:
        """Return the certificate for development, made where there is none."""
        authority = Authority(authority_folder())
        names = names_of(place)
        pair = self._keeps(authority, names)
        if pair is None:
            certificate, key = authority.issue(place.site, names)
            write_whole(self._kept, certificate + key, mode=0o600)
            pair = checked(self._kept, certificate.encode(), self._kept, key.encode())
        if authority.is_new:
            self._bulletin.say(
                "",
                "made an authority for certificates of development; browsers warn "
                "until they trust it",
                "warning",
                trusting(authority.certificate_file),
            )
        return pair

    def _keeps(
        self, authority: Authority, names: tuple[str, ...]
    ) -> Certificate | None:
        """Return the certificate of an earlier start, if it still does."""
        try:
            text = self._kept.read_bytes()
            pair = checked(self._kept, text, self._kept, text)
            known = authority.has_issued(x509.load_pem_x509_certificate(text))
        except (OSError, ValueError, GatewayError):
            return None
        lasts = pair.ends > datetime.now(UTC) + RENEWED_BEFORE
        return pair if known and lasts and pair.names == {*map(_bare, names)} else None

    def _ends_within(self, time: timedelta) -> bool:
        try:
            kept = x509.load_pem_x509_certificate(self._kept.read_bytes())
        except (OSError, ValueError):
            return True
        return kept.not_valid_after_utc < datetime.now(UTC) + time

    def _complain(self, error: GatewayError) -> None:
        self._complaints.add(
            f"{error.message}; the gateway keeps the certificate that it has"
        )

    def _warn(self, place: Place, pair: Certificate) -> None:
        if pair.ends < datetime.now(UTC) + SOON:
            self._bulletin.say(
                "gateway", f"its certificate ends on {pair.last_day}", "warning"
            )
        hosts = place.plan.hosts if place.production else ()
        if missing := [host for host in hosts if not _covers(pair.names, host)]:
            self._bulletin.say(
                "gateway",
                f"its certificate is not for `{'`, `'.join(missing)}`",
                "warning",
            )


def names_of(place: Place) -> tuple[str, ...]:
    """Return the names and addresses that a certificate for development is for."""
    hosts = every_host(place.plan, production=place.production)
    bind = place.plan.bind
    # Not every browser takes `*.localhost` for its hosts, so each has its line too.
    own = ("localhost", "*.localhost", "127.0.0.1", "::1")
    named = (*own, *hosts, *(() if bind in ANY else (bind,)))
    return tuple(dict.fromkeys(map(_bare, named)))


def _covers(names: frozenset[str], host: str) -> bool:
    return host in names or f"*.{host.partition('.')[2]}" in names


def _mark(path: Path) -> object:
    try:
        found = path.stat()
    except OSError as error:
        return error.errno
    return found.st_ino, found.st_mtime_ns, found.st_size


def _bare(name: str) -> str:
    return name.strip("[]")
