"""The passwords in the URLs of databases, kept out of what is written."""

from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus, unquote

from .chain import chain_of
from .urls import query_of


HIDDEN = "***"

# To hide fewer letters would hide other words.
_SHORTEST = 4


class Secrets:
    """Hides the passwords of some URLs.

    Args:
        urls: Of databases, each with its credentials.
    """

    def __init__(self, urls: Iterable[str]) -> None:
        found = {secret for url in urls for secret in _secrets_of(url)}
        # A secret may hold another.
        self._each = sorted(found, key=len, reverse=True)

    def hide(self, text: str) -> str:
        """Return `text` without them."""
        for secret in self._each:
            if secret in text:
                text = text.replace(secret, HIDDEN)
        return text

    def hide_in(self, error: BaseException) -> None:
        """Take them out of the message of an error, and of those it was made of."""
        for each in chain_of(error):
            args = tuple(self.hide(a) if isinstance(a, str) else a for a in each.args)
            if args != each.args:
                each.args = args

    def __bool__(self) -> bool:
        return bool(self._each)


def _secrets_of(url: str) -> Iterator[str]:
    # By hand: what is wrong with a URL may be its password.
    rest = url.partition("://")[2]
    access, at, _ = rest.rpartition("@")
    written = [access.partition(":")[2]] if at else []
    try:
        query = query_of(url)
    except ValueError:
        query = {}
    written += [query[name] for name in ("password", "sslpassword") if name in query]
    for each in written:
        plain = unquote(each)
        for spelling in (each, plain, quote(plain, safe=""), quote_plus(plain)):
            if len(spelling) >= _SHORTEST:
                yield spelling
