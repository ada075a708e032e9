"""Rules about how visitors are known."""

from collections.abc import Iterator

from glassware.errors import Fault
from glassware.manifest.draft import Draft

from .names import no_service


_SIGN_IN = ("visitors", "sign_in")


def who_signs_in(draft: Draft) -> Iterator[Fault]:
    """The service that signs visitors in is an application that they reach."""
    sign_in = draft.site.visitors.sign_in
    if sign_in is None or draft.is_broken(*_SIGN_IN):
        return
    name = sign_in.partition(".")[0]
    if name not in draft.folders:
        yield draft.fault(_SIGN_IN, *no_service(draft, name))
        return
    service = draft.site.service(name)
    if service is None or draft.is_broken("services", name):
        return
    if service.command is not None:
        yield draft.fault(
            _SIGN_IN,
            f"`{name}` is a `command`, and only an application can sign visitors in",
            "let a service with an `app` do it",
        )
    if not service.routes:
        yield draft.fault(
            _SIGN_IN,
            f"`{name}` is not public, so nobody can sign in there",
            f'write `route = "/{name}"` into its service.toml',
        )


def how_long(draft: Draft) -> Iterator[Fault]:
    """A token lives no longer than the sign-in that it belongs to."""
    said = draft.site.visitors
    if said.renew_after > said.remember:
        yield draft.fault(
            ("visitors", "renew_after"),
            f"a token would live longer than the sign-in, {said.remember:g} s",
            "make `remember` longer, or this shorter",
        )


def shared_domain(draft: Draft) -> Iterator[Fault]:
    """Hosts that share the sign-in are the site's own."""
    domain, gateway = draft.site.visitors.domain, draft.site.gateway
    hosts = [*gateway.hosts, *filter(None, [gateway.domain])]
    if domain is None or not hosts:
        return
    if not any(f".{host}".lower().endswith(f".{domain}".lower()) for host in hosts):
        yield draft.fault(
            ("visitors", "domain"),
            f"no host of the site is below `{domain}`",
            f"its hosts: {', '.join(f'`{host}`' for host in hosts)}",
        )


RULES = (who_signs_in, how_long, shared_domain)
