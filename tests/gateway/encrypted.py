"""Requests over TLS, by HTTP/1.1 or HTTP/2, as curl makes them."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pycurl

from gateway.exchange import Answer


def fetch(
    url: str,
    authority: Path,
    *,
    method: str = "GET",
    headers: tuple[str, ...] = (),
    body: bytes | None = None,
    version: int = pycurl.CURL_HTTP_VERSION_2TLS,
    host: str = "localhost",
) -> Answer:
    """Send one request; whatever its host is called, it goes to this machine.

    The answer's `http` tells the version that was spoken.
    """
    curl = pycurl.Curl()
    written, lines = BytesIO(), []
    port = url.partition("://")[2].partition("/")[0].rpartition(":")[2]
    try:
        curl.setopt(pycurl.URL, url)
        curl.setopt(pycurl.CONNECT_TO, [f"::127.0.0.1:{port}"])
        curl.setopt(pycurl.CAINFO, str(authority))
        curl.setopt(pycurl.HTTP_VERSION, version)
        curl.setopt(pycurl.CUSTOMREQUEST, method)
        curl.setopt(pycurl.HTTPHEADER, [*headers])
        curl.setopt(pycurl.NOBODY, method == "HEAD")
        curl.setopt(pycurl.TIMEOUT, 10)
        curl.setopt(pycurl.WRITEDATA, written)
        curl.setopt(pycurl.HEADERFUNCTION, lines.append)
        if body is not None:
            curl.setopt(pycurl.POSTFIELDS, body)
        curl.perform()
        return Answer(
            curl.getinfo(pycurl.RESPONSE_CODE),
            {**_headers(lines), "http": str(curl.getinfo(pycurl.INFO_HTTP_VERSION))},
            written.getvalue(),
        )
    finally:
        curl.close()


@contextmanager
def encrypted(
    port: int, authority: Path, *protocols: str, name: str = "localhost"
) -> Iterator[ssl.SSLSocket]:
    """A connection with TLS."""
    context = ssl.create_default_context(cafile=str(authority))
    if protocols:
        context.set_alpn_protocols([*protocols])
    with (
        socket.create_connection(("127.0.0.1", port), 8) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        yield secure


def serial(port: int, authority: Path, name: str = "localhost") -> str:
    """Return the serial number of the certificate that is shown now."""
    with encrypted(port, authority, name=name) as secure:
        return str(secure.getpeercert()["serialNumber"])  # type: ignore[index]


def _headers(lines: list[bytes]) -> dict[str, str]:
    pairs = (line.decode("latin-1").partition(":") for line in lines)
    return {n.strip().lower(): value.strip() for n, colon, value in pairs if colon}
