"""The site's public address."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from .types import DAY, Header, Host, Method, Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Where TLS begins, and with which certificate."""

    certificate: Annotated[
        str | None,
        Meta(
            min_length=1,
            description="File with the certificate and its chain (PEM), from the "
            "site's folder. Absent: one that glassware makes, for development.",
        ),
    ] = None
    key: Annotated[
        str | None,
        Meta(min_length=1, description="File with the certificate's key (PEM)."),
    ] = None
    redirect: Annotated[
        int | None,
        Meta(
            ge=1,
            le=65535,
            description="A second port, where http is led to https; the public port "
            "itself does so anyhow.",
        ),
    ] = None
    elsewhere: Annotated[
        bool,
        Meta(
            description="TLS ends at a proxy before the gateway, which speaks http: "
            "the site's addresses are https all the same."
        ),
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors:
    """Whose scripts may use the routes with `cors = true`, and how."""

    origins: Annotated[
        tuple[Origin, ...],
        Meta(
            description="Other sites: `https://app.example`, `https://*.app.example`, "
            "or `*` for all. The site's own hosts need no mention."
        ),
    ] = ()
    methods: Annotated[
        tuple[Method, ...], Meta(description="The methods that they may use.")
    ] = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
    headers: Annotated[
        tuple[Header, ...], Meta(description="The headers that they may send.")
    ] = ("Authorization", "Content-Type", "Idempotency-Key")
    expose: Annotated[
        tuple[Header, ...],
        Meta(description="The headers of answers that they may read."),
    ] = ()
    credentials: Annotated[
        bool, Meta(description="Let them send cookies and read what comes of it.")
    ] = False
    max_age: Annotated[
        int,
        Meta(
            ge=0,
            le=DAY,
            description="Seconds for which a browser need not ask again.",
        ),
    ] = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The site's public address."""

    port: Annotated[
        int | None,
        Meta(ge=1, le=65535, description="The public port. Absent: 8000 or the next."),
    ] = None
    bind: Annotated[str, Meta(description="The address that it listens on.")] = (
        "127.0.0.1"
    )
    hosts: Annotated[
        tuple[Host, ...],
        Meta(description="Public host names besides `domain` and `localhost`."),
    ] = ()
    domain: Annotated[
        Host | None,
        Meta(
            description="The site's own host name, such as `shop.example`. Routes with "
            '`host = "api."` are at `api.shop.example`, in development also at '
            "`api.localhost`."
        ),
    ] = None
    tls: Annotated[
        Tls | None, Meta(description="HTTPS. An empty table: for development.")
    ] = None
    cors: Annotated[
        Cors | None,
        Meta(description="Whose scripts may use the routes with `cors = true`."),
    ] = None

    def names(self, host: str, *, production: bool) -> tuple[str, ...]:
        """Return the host names that a route's `host` means, the principal one first.

        In development the site's domain is `localhost`, and the declared one too.
        """
        if not host.endswith("."):
            return (host.lower(),)
        domains = [self.domain or "localhost"]
        if not production:
            domains = ["localhost", *domains]
        label = host.removesuffix(".")
        named = (".".join(filter(None, (label, each))).lower() for each in domains)
        return tuple(dict.fromkeys(named))
