"""Mistakes in the public address: hosts, CORS, TLS."""

from pathlib import Path

import pytest

from sites_on_disk import lines, service, write


A, B = "services/a/service.toml", "services/b/service.toml"
ON_API = '[[routes]]\nhost = "api."'


def two(first: str, second: str, site: str = "") -> dict[str, str]:
    """Return a site with two services."""
    return {**service("a", first), **service("b", second), "site.toml": site}


CASES = {
    "one host in two spellings": (
        two(
            ON_API,
            '[[routes]]\nhost = "API.shop.example"',
            'gateway.domain = "shop.example"',
        ),
        [
            (
                f"{B}: routes[0].path: `API.shop.example/` already leads to `a` "
                f"(services/a/service.toml) | give one of them another path or `host`"
            )
        ],
    ),
    "a host below localhost": (
        two(ON_API, '[[routes]]\nhost = "api.localhost"'),
        [
            (
                f"{B}: routes[0].path: `api.localhost/` already leads to `a` "
                f"(services/a/service.toml) | give one of them another path or `host`"
            )
        ],
    ),
    "hosts and no domain": (
        two(ON_API, "", 'gateway.hosts = ["shop.example"]'),
        [
            (
                f"{A}:2: routes[0].host: `api.` is below the site's domain, and it has none | "
                'write `domain = "shop.example"` below `[gateway]` in `site.toml`'
            )
        ],
    ),
    "a name that is the site's": (
        two(ON_API, '[address]\nnames = ["api.localhost"]'),
        [
            (
                f"{B}:2: address.names[0]: `api.localhost` already leads to `the site` | "
                "give it another name"
            )
        ],
    ),
    "everybody with cookies": (
        two("", "", '[gateway.cors]\norigins = ["*"]\ncredentials = true'),
        [
            (
                "site.toml:2: gateway.cors.origins[0]: `*` does not go with "
                "`credentials = true`: browsers refuse it | name the origins, or leave "
                "`credentials` out"
            )
        ],
    ),
    "an origin with a path": (
        two("", "", '[gateway.cors]\norigins = ["https://app.example/"]'),
        [
            (
                "site.toml:2: gateway.cors.origins[0]: must be an origin such as "
                "`https://app.example`, without a path, `https://*.app.example`, or `*`, "
                "not `https://app.example/` | None"
            )
        ],
    ),
    "a certificate that is not there": (
        two("", "", '[gateway.tls]\ncertificate = "a.pem"\nkey = "b.pem"'),
        [
            (
                "site.toml:2: gateway.tls.certificate: there is no file `a.pem` | "
                "a relative path begins in the site's folder"
            ),
            (
                "site.toml:3: gateway.tls.key: there is no file `b.pem` | "
                "a relative path begins in the site's folder"
            ),
        ],
    ),
    "a certificate alone": (
        {**two("", "", '[gateway.tls]\ncertificate = "a.pem"'), "a.pem": ""},
        [
            (
                "site.toml:2: gateway.tls.certificate: has no `key` | "
                "name the file of its key too"
            )
        ],
    ),
    "a key alone": (
        {**two("", "", '[gateway.tls]\nkey = "a.pem"'), "a.pem": ""},
        [
            (
                "site.toml:2: gateway.tls.key: has no `certificate` | "
                "name the certificate's file too"
            )
        ],
    ),
    "TLS here and elsewhere": (
        two("", "", "[gateway.tls]\nelsewhere = true\nredirect = 80"),
        [
            (
                "site.toml:3: gateway.tls.redirect: has no use where TLS is `elsewhere` | "
                "remove `redirect`, or `elsewhere`"
            )
        ],
    ),
    "one port for both": (
        two("", "", "gateway.port = 8443\ngateway.tls.redirect = 8443"),
        [
            (
                "site.toml:2: gateway.tls.redirect: port 8443 is the public port, which "
                "leads to https by itself | leave it out, or name another"
            )
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_fault(tmp_path: Path, name: str) -> None:
    """Each says where it is and the way out."""
    files, expected = CASES[name]
    write(tmp_path, files)

    assert lines(tmp_path) == expected


def test_production_needs_a_certificate(tmp_path: Path) -> None:
    """The one that glassware makes is for development alone."""
    write(tmp_path, two("", "", "[gateway.tls]"))

    assert lines(tmp_path) == []
    assert lines(tmp_path, production=True) == [
        (
            "site.toml:1: gateway.tls: names no certificate for production | write "
            "`certificate` and `key`, or `elsewhere = true`, below `[gateway.tls]` in "
            "`site.production.toml`"
        )
    ]


def test_hosts_without_collisions(tmp_path: Path) -> None:
    """One path on several hosts, below the domain and elsewhere, is in order."""
    files = two(
        '[[routes]]\nhost = "."\n[[routes]]\nhost = "www."',
        '[[routes]]\nhost = "api."\n[[routes]]\nhost = "other.example"',
        'gateway.domain = "shop.example"',
    )

    assert lines(write(tmp_path, files)) == []
