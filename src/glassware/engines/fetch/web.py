"""Reading from the registries: proxies, certificates, passwords, and what goes wrong."""

import base64
import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, TypeVar, cast
from urllib.parse import SplitResult, unquote, urljoin, urlsplit, urlunsplit

from glassware.errors import EngineError


PATIENCE = 30.0
"""Seconds without a byte after which a server is given up."""

ATTEMPTS = 3
"""How often something is tried that breaks off on its way."""

LARGEST_PAGE = 64 * 1024 * 1024
CHUNK = 256 * 1024

_T = TypeVar("_T")

_NO_WAY = (
    "is there a network? a proxy is named with `HTTPS_PROXY`; what was fetched once "
    "needs none"
)


class BrokenOff(EngineError):
    """The way to a server failed; another attempt may have more luck."""


class Absent(EngineError):
    """A server has nothing at that address."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a server answered.

    Attributes:
        url: Where it really was.
        type: Its media type.
        body: What it says.
    """

    url: str
    type: str
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Web:
    """How a registry is reached.

    Attributes:
        certificates: Files with authorities to trust, besides those of the system.
        proxies: By scheme, where the environment names none.
        credentials: What goes into `Authorization`, by the beginning of the URLs
            that it is for.
    """

    certificates: tuple[Path, ...] = ()
    proxies: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)

    def read(self, url: str, accept: str) -> Page:
        """Return what is at `url`.

        Raises:
            Absent: Nothing is.
            EngineError: It cannot be had.
        """
        return _patiently(lambda: self._read(url, accept))

    def download(self, url: str, file: Path, heard: Callable[[int], None]) -> None:
        """Write what is at `url` into a file.

        Args:
            url: Where it is.
            file: What is there is overwritten.
            heard: Told how many bytes have come; may raise to end it.

        Raises:
            EngineError: It cannot be had.
            OSError: It cannot be written.
        """
        _patiently(lambda: self._download(url, file, heard))

    def _read(self, url: str, accept: str) -> Page:
        with self._open(url, accept) as answer:
            body = _receive(answer, LARGEST_PAGE, url)
            if len(body) == LARGEST_PAGE:
                raise EngineError(f"the page `{shown(url)}` is too large")
            return Page(answer.url, answer.headers.get_content_type(), body)

    def _download(self, url: str, file: Path, heard: Callable[[int], None]) -> None:
        done = 0
        with self._open(url, "*/*") as answer, file.open("wb") as target:
            while chunk := _receive(answer, CHUNK, url):
                target.write(chunk)
                done += len(chunk)
                heard(done)
            announced = answer.headers.get("Content-Length", str(done))
        if announced != str(done):
            raise BrokenOff(f"`{shown(url)}` broke off after {done} bytes")

    def _open(self, url: str, accept: str) -> http.client.HTTPResponse:
        request = urllib.request.Request(url_without_user(url))  # noqa: S310
        request.add_header("Accept", accept)
        request.add_header("User-Agent", "glassware")
        try:
            answer = self._opener.open(request, timeout=PATIENCE)
        except urllib.error.HTTPError as error:
            with error:
                raise _refused(url, error) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _unreachable(url, error) from error
        # Of a `file:` it is a lesser object that has the same attributes.
        return cast("http.client.HTTPResponse", answer)

    @cached_property
    def _opener(self) -> urllib.request.OpenerDirector:
        return urllib.request.build_opener(
            urllib.request.ProxyHandler(
                {**self.proxies, **urllib.request.getproxies()}
            ),
            urllib.request.HTTPSHandler(context=self._trust()),
            _SignIn(self.credentials),
        )

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        for file in self.certificates:
            try:
                context.load_verify_locations(cafile=file)
            except (OSError, ssl.SSLError) as error:
                raise EngineError(
                    f"the certificates in `{file}` cannot be read: {error}"
                ) from error
        return context


class _SignIn(urllib.request.BaseHandler):
    """Says who asks, only where that was meant for; a redirection elsewhere is not."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        self._credentials = credentials

    def http_request(self, request: urllib.request.Request) -> urllib.request.Request:
        for beginning, words in self._credentials.items():
            if request.full_url.startswith(beginning):
                request.add_unredirected_header("Authorization", words)
        return request

    https_request = http_request


def basic(user: str, password: str) -> str:
    """Return what goes into `Authorization` for a user."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def credentials_in(url: str) -> dict[str, str]:
    """Return `Web.credentials` for a URL with a user and a password in it."""
    parts = urlsplit(url)
    if parts.username is None:
        return {}
    words = basic(unquote(parts.username), unquote(parts.password or ""))
    return {urljoin(url_without_user(url), "/"): words}


def url_without_user(url: str) -> str:
    """Return a URL without the user and the password that may be in it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def shown(url: str) -> str:
    """Return a URL for an error: without what may be secret."""
    parts = urlsplit(url_without_user(url))
    return SplitResult(parts.scheme, parts.netloc, parts.path, "", "").geturl()


def _receive(answer: IO[bytes], most: int, url: str) -> bytes:
    try:
        return answer.read(most)
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(url, error) from error


def _patiently(work: Callable[[], _T]) -> _T:
    for _ in range(ATTEMPTS - 1):
        try:
            return work()
        except BrokenOff:
            continue
    return work()


def _refused(url: str, error: urllib.error.HTTPError) -> EngineError:
    what = f"`{shown(url)}` answers with {error.code} {error.reason}".rstrip()
    if error.code in {404, 410}:
        return Absent(what, hint="does the registry or the mirror have it?")
    if error.code in {401, 403, 407}:
        return EngineError(what, hint="it wants a user and a password, or a token")
    if error.code >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
        return BrokenOff(what, hint="try again later")
    return EngineError(what)


def _unreachable(url: str, error: Exception) -> EngineError:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, FileNotFoundError) or "no such file" in str(reason).lower():
        return Absent(f"there is no `{shown(url)}`")
    if isinstance(reason, ssl.SSLCertVerificationError):
        return EngineError(
            f"the certificate of `{shown(url)}` is not trusted: "
            f"{reason.verify_message}",
            hint="name the file of the authority's certificate with `SSL_CERT_FILE`",
        )
    text = str(reason) or type(reason).__name__
    # Who was silent once is waited for once.
    kind = EngineError if isinstance(reason, TimeoutError) else BrokenOff
    return kind(f"`{shown(url)}` cannot be reached: {text}", hint=_NO_WAY)
