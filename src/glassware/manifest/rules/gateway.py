"""Rules about the public address: its names, TLS, and who else may use it."""

import os
from collections.abc import Iterator
from pathlib import Path

from glassware.errors import Fault
from glassware.manifest.draft import Draft
from glassware.model import Tls


_TLS = ("gateway", "tls")


def relative_hosts(draft: Draft) -> Iterator[Fault]:
    """A host below the site's domain needs one, where the site has names."""
    gateway = draft.site.gateway
    if gateway.domain is not None or not gateway.hosts:
        return
    for service in draft.site.services:
        root = ("services", service.name, "routes")
        for path, route in draft.elements(root, service.routes):
            if route.host is not None and route.host.endswith("."):
                yield draft.fault(
                    (*path, "host"),
                    f"`{route.host}` is below the site's domain, and it has none",
                    f'write `domain = "{gateway.hosts[0]}"` below `[gateway]` in '
                    "`site.toml`",
                )


def cors_of_everybody(draft: Draft) -> Iterator[Fault]:
    """What comes with cookies is for named origins, methods and headers."""
    cors = draft.site.gateway.cors
    if cors is None or not cors.credentials:
        return
    for key in ("origins", "methods", "headers", "expose"):
        for place, value in draft.elements(
            ("gateway", "cors", key), getattr(cors, key)
        ):
            if value == "*":
                yield draft.fault(
                    place,
                    "`*` does not go with `credentials = true`: browsers refuse it",
                    f"name the {key}, or leave `credentials` out",
                )


def tls_pair(draft: Draft) -> Iterator[Fault]:
    """A certificate has a key, and where TLS is elsewhere there is neither."""
    tls = draft.site.gateway.tls
    if tls is None or draft.is_broken(*_TLS):
        return
    if tls.elsewhere:
        for key in ("certificate", "key", "redirect"):
            if getattr(tls, key) is not None:
                yield draft.fault(
                    (*_TLS, key),
                    "has no use where TLS is `elsewhere`",
                    f"remove `{key}`, or `elsewhere`",
                )
    elif tls.certificate is None and tls.key is not None:
        yield draft.fault(
            (*_TLS, "key"), "has no `certificate`", "name the certificate's file too"
        )
    elif tls.certificate is not None and tls.key is None:
        yield draft.fault(
            (*_TLS, "certificate"), "has no `key`", "name the file of its key too"
        )
    elif draft.production and tls.certificate is None:
        yield draft.fault(
            _TLS,
            "names no certificate for production",
            "write `certificate` and `key`, or `elsewhere = true`, below "
            "`[gateway.tls]` in `site.production.toml`",
        )


def tls_files(draft: Draft) -> Iterator[Fault]:
    """The files of a certificate can be read."""
    tls = draft.site.gateway.tls or Tls()
    for key, name in (("certificate", tls.certificate), ("key", tls.key)):
        if name is None or tls.elsewhere:
            continue
        path = draft.folder / name
        if not _is_file(path):
            yield draft.fault(
                (*_TLS, key),
                f"there is no file `{path}`",
                "a relative path begins in the site's folder",
            )
        elif not os.access(path, os.R_OK):
            yield draft.fault(
                (*_TLS, key),
                f"`{path}` cannot be read by the user who runs this",
                "let this user read it, and nobody else who need not",
            )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # no file can have such a name
        return False


def two_ports(draft: Draft) -> Iterator[Fault]:
    """What leads from http to https has a port of its own."""
    gateway = draft.site.gateway
    tls = gateway.tls
    if tls is not None and tls.redirect is not None and tls.redirect == gateway.port:
        yield draft.fault(
            (*_TLS, "redirect"),
            f"port {tls.redirect} is the public port, which leads to https by itself",
            "leave it out, or name another",
        )


RULES = (relative_hosts, cors_of_everybody, tls_pair, tls_files, two_ports)
