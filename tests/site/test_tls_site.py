"""A whole site with TLS, hosts, CORS and two versions of an API."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway.encrypted import fetch, serial
from gateway.envoy_site import fresh_port
from gateway.exchange import Answer, ask
from glassware.runner.authority import Authority
from glassware.testing.visitor import Visitor
from sites import SiteUnderTest, ended


WEB = """
    from flask import Flask, redirect, request, session, url_for

    app = Flask(__name__)


    @app.get("/")
    def index():
        session["seen"] = True
        return {
            "orders": url_for("orders.show", id=7),
            "here": url_for("index", _external=True),
            "scheme": request.scheme,
        }


    @app.get("/go")
    def go():
        return redirect(url_for("orders.show", id=7))


    @app.post("/change")
    def change():
        return {"changed": True}
"""
ORDERS = """
    from flask import Flask, request, url_for

    app = Flask(__name__)
    VERSION = {version!r}


    @app.get("/orders/<int:id>")
    def show(id):
        return {{
            "code": VERSION,
            "root": request.script_root,
            "self": url_for("show", id=id),
        }}
"""
SITE = {
    "site.toml": """
        [gateway]
        domain = "shop.example"

        [gateway.tls]

        [gateway.cors]
        origins = ["https://partner.example"]

        [services.orders_v2]
        path = "versions/orders-2"
    """,
    "services/web/app.py": WEB,
    "services/web/service.toml": 'route = "/"',
    "services/orders/app.py": ORDERS.format(version="first"),
    "services/orders/service.toml": """
        [[routes]]
        host = "api."
        path = "/v1"
        cors = true

        [[routes]]
        host = "api."
        path = "/v1.1"
        cors = true
    """,
    "versions/orders-2/app.py": ORDERS.format(version="second"),
    "versions/orders-2/service.toml": """
        [[routes]]
        host = "api."
        path = "/v2"
    """,
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A user's data folder, in which there is no authority yet."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, data: Path
) -> Iterator[SiteUnderTest]:
    """The site, with a certificate for development."""
    with ended(tmp_path_factory.mktemp("secure") / "site") as under_test:
        under_test.write(SITE)
        under_test.up("--port", str(fresh_port()))
        yield under_test


@pytest.fixture(scope="module")
def authority(site: SiteUnderTest, data: Path) -> Path:
    """What a browser is told to trust."""
    return data / "glassware" / "authority" / "certificate.pem"


def get(
    site: SiteUnderTest, authority: Path, path: str, host: str = "localhost", **more
) -> Answer:
    """Ask the site as a browser that trusts it."""
    port = urlsplit(site.url).port
    return fetch(f"https://{host}:{port}{path}", authority, **more)


def test_services_know_that_it_is_https(site: SiteUnderTest, authority: Path) -> None:
    """Their addresses begin with it, on the host that was asked and across hosts."""
    port = urlsplit(site.url).port

    said = get(site, authority, "/").json()

    assert site.url == f"https://localhost:{port}"
    assert said == {
        "orders": f"https://api.localhost:{port}/v1/orders/7",
        "here": f"https://localhost:{port}/",
        "scheme": "https",
    }
    target = get(site, authority, "/go").headers["location"]
    assert target == f"https://api.localhost:{port}/v1/orders/7"


def test_versions_stand_side_by_side(site: SiteUnderTest, authority: Path) -> None:
    """One application at two prefixes, and another version of its code at a third."""
    seen = {
        prefix: get(site, authority, f"{prefix}/orders/7", "api.localhost").json()
        for prefix in ("/v1", "/v1.1", "/v2")
    }

    assert seen == {
        "/v1": {"code": "first", "root": "/v1", "self": "/v1/orders/7"},
        "/v1.1": {"code": "first", "root": "/v1.1", "self": "/v1.1/orders/7"},
        "/v2": {"code": "second", "root": "/v2", "self": "/v2/orders/7"},
    }


def test_a_partner_reads_the_api_alone(site: SiteUnderTest, authority: Path) -> None:
    """What `[gateway.cors]` says holds where `cors = true` says so."""
    origin = "https://partner.example"
    allowed = get(
        site,
        authority,
        "/v1/orders/7",
        "api.localhost",
        headers=(f"Origin: {origin}",),
    )
    closed = get(
        site,
        authority,
        "/v2/orders/7",
        "api.localhost",
        headers=(f"Origin: {origin}",),
    )

    assert allowed.headers["access-control-allow-origin"] == origin
    assert "access-control-allow-origin" not in closed.headers


def test_a_foreign_page_changes_nothing(site: SiteUnderTest, authority: Path) -> None:
    """And the log of the gateway says so."""
    answer = get(
        site,
        authority,
        "/change?secret=1",
        method="POST",
        headers=("Origin: https://evil.example",),
        body=b"",
    )

    assert answer.status == 403
    site.until(
        lambda: "https://evil.example" in site.run("logs", "gateway").stdout,
        "the remark",
    )
    assert "secret" not in site.run("logs", "gateway").stdout


def test_http_is_led_to_https(site: SiteUnderTest) -> None:
    """For now, not for ever: another site may be at this port tomorrow."""
    port = urlsplit(site.url).port
    assert port is not None

    answer = ask(port, "/go", headers={"Host": f"localhost:{port}"})

    assert answer.status == 307
    assert answer.headers["location"] == f"https://localhost:{port}/go"


def test_how_to_trust_it_is_said_once(site: SiteUnderTest, authority: Path) -> None:
    """With the commands, and with those that undo it."""
    said = site.log.read_text()

    assert said.count("made an authority") == 1
    assert str(authority) in said.replace("\n", "")
    assert "to undo that" in said


def test_routes_are_told_with_their_hosts(site: SiteUnderTest) -> None:
    """As they are in development."""
    listed = site.run("routes", "orders", "orders_v2").stdout

    assert "api.localhost/v1/orders/<int:id>" in listed
    assert "api.localhost/v2/orders/<int:id>" in listed


def test_a_given_certificate_is_followed(site: SiteUnderTest, tmp_path: Path) -> None:
    """A new one is shown without a restart; garbage changes nothing and is told."""
    own = Authority(tmp_path / "own")
    chain, key = own.issue("given", ["localhost"])
    with ended(tmp_path / "site") as given:
        given.write(
            {
                "site.toml": """
                    [gateway.tls]
                    certificate = "tls/site.pem"
                    key = "tls/site.key"
                """,
                "services/web/app.py": WEB,
                "services/web/service.toml": 'route = "/"',
                "tls/site.pem": chain,
                "tls/site.key": key,
            }
        )
        given.up("--port", str(fresh_port()))
        port = urlsplit(given.url).port
        assert port is not None
        before = serial(port, own.certificate_file)

        (given.folder / "tls/site.pem").write_text("garbage")
        given.until(
            lambda: "keeps the certificate" in given.log.read_text(), "the remark"
        )
        assert serial(port, own.certificate_file) == before

        chain, key = own.issue("given", ["localhost"])
        (given.folder / "tls/site.pem").write_text(chain)
        (given.folder / "tls/site.key").write_text(key)
        given.until(lambda: serial(port, own.certificate_file) != before, "the new one")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"c.pem": "garbage", "k.pem": "garbage"}, "holds no certificate"),
        ({"c.pem": "garbage"}, "gateway.tls.key: there is no file"),
    ],
)
def test_a_bad_certificate_is_said_before_anything_starts(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    """With an exit code, and without a service that was begun."""
    with ended(tmp_path / "site") as bad:
        bad.write(
            {
                "site.toml": '[gateway.tls]\ncertificate = "c.pem"\nkey = "k.pem"\n',
                "services/web/app.py": WEB,
                "services/web/service.toml": 'route = "/"',
                **files,
            }
        )

        ended_with = bad.run("up", env=dict(os.environ))

    assert ended_with.returncode in {2, 4}
    assert said in ended_with.stderr
    assert "web" not in ended_with.stdout


def test_the_plug_in_asks_over_tls(site: SiteUnderTest) -> None:
    """A test of a site with TLS is written as any other."""
    answer = Visitor(site.url).get("/")

    assert answer.json["scheme"] == "https"
