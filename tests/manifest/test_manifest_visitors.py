"""Mistakes in what is said of visitors."""

from pathlib import Path

import pytest

from sites_on_disk import lines, service, write


def site(text: str, manifest: str = 'route = "/accounts"') -> dict[str, str]:
    """Return a site with one service, and its `site.toml`."""
    return {**service("accounts", manifest), "site.toml": f"[visitors]\n{text}"}


CASES = {
    "all is well": (site('sign_in = "accounts.sign_in"'), []),
    "nothing is said": (site(""), []),
    "no such service": (
        site('sign_in = "acounts.sign_in"'),
        [
            (
                "site.toml:2: visitors.sign_in: `acounts` is no service of this site | "
                "did you mean `accounts`?"
            )
        ],
    ),
    "no endpoint": (
        site('sign_in = "accounts"'),
        [
            (
                "site.toml:2: visitors.sign_in: must be an endpoint of a service, such as "
                "`accounts.sign_in`, not `accounts` | None"
            )
        ],
    ),
    "not public": (
        site('sign_in = "accounts.sign_in"', ""),
        [
            (
                "site.toml:2: visitors.sign_in: `accounts` is not public, so nobody can "
                'sign in there | write `route = "/accounts"` into its service.toml'
            )
        ],
    ),
    "a command": (
        site('sign_in = "accounts.x"', 'route = "/a"\ncommand = "node a.js"'),
        [
            (
                "site.toml:2: visitors.sign_in: `accounts` is a `command`, and only an "
                "application can sign visitors in | let a service with an `app` do it"
            )
        ],
    ),
    "a long token": (
        site("renew_after = 7200\nremember = 3600"),
        [
            (
                "site.toml:2: visitors.renew_after: a token would live longer than the "
                "sign-in, 3600 s | make `remember` longer, or this shorter"
            )
        ],
    ),
    "a foreign domain": (
        site('domain = "evilshop.example"\n[gateway]\nhosts = ["shop.example"]'),
        [
            (
                "site.toml:2: visitors.domain: no host of the site is below "
                "`evilshop.example` | its hosts: `shop.example`"
            )
        ],
    ),
    "a part of a host": (
        site('domain = "hop.example"\n[gateway]\nhosts = ["shop.example"]'),
        [
            (
                "site.toml:2: visitors.domain: no host of the site is below "
                "`hop.example` | its hosts: `shop.example`"
            )
        ],
    ),
    "the site's domain": (
        site('domain = "shop.example"\n[gateway]\nhosts = ["www.shop.example"]'),
        [],
    ),
}


@pytest.mark.parametrize(("files", "expected"), CASES.values(), ids=CASES)
def test_what_is_said_of_visitors_is_looked_at(
    tmp_path: Path, files: dict[str, str], expected: list[str]
) -> None:
    """Each mistake is told with its place and the way out."""
    assert lines(write(tmp_path, files)) == expected
