import pytest

from glassware.worker.address import Address, address_of, write_address


MOUNTS = ("/catalog", "/api/catalog")


@pytest.mark.parametrize(
    ("prefix", "path", "mounts", "root", "rest"),
    [
        pytest.param(
            "/catalog", "/catalog/p/1", MOUNTS, "/catalog", "/p/1", id="own mount"
        ),
        pytest.param(
            "/api/catalog", "/api/catalog/p", MOUNTS, "/api/catalog", "/p", id="second"
        ),
        pytest.param("/catalog", "/catalog", MOUNTS, "/catalog", "", id="bare mount"),
        pytest.param("/catalog/", "/catalog/p", MOUNTS, "/catalog", "/p", id="slash"),
        pytest.param("/admin", "/admin/p", MOUNTS, "", "/admin/p", id="foreign mount"),
        pytest.param(
            "/catalog", "/catalogue", MOUNTS, "", "/catalogue", id="half a segment"
        ),
        pytest.param("/catalog", "/p", MOUNTS, "", "/p", id="path without its prefix"),
        pytest.param(None, "/p/1", MOUNTS, "/catalog", "/p/1", id="neighbour's call"),
        pytest.param(None, "/p/1", (), "", "/p/1", id="internal service"),
        pytest.param("/", "/p/1", ("",), "", "/p/1", id="mounted at the root"),
        pytest.param("", "/p/1", ("",), "", "/p/1", id="empty prefix"),
        pytest.param("/", "/p/1", (), "", "/p/1", id="root prefix, no mount"),
    ],
)
def test_a_prefix_counts_only_if_it_is_a_mount(prefix, path, mounts, root, rest):
    """`SCRIPT_NAME` is decided by the plan; a header only says which mount it was."""
    headers = {} if prefix is None else {"HTTP_X_FORWARDED_PREFIX": prefix}
    address = address_of(headers, path, mounts)
    assert (address.root, address.path) == (root, rest)


def test_a_visitor_without_a_prefix_came_by_a_route_that_keeps_the_path():
    """Another route of the same service may have a mount; this one has none."""
    headers = {"HTTP_X_FORWARDED_FOR": "192.0.2.7"}
    address = address_of(headers, "/stock", MOUNTS)
    assert (address.root, address.path) == ("", "/stock")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({}, ("127.0.0.1", "http", "localhost", "80"), id="nothing"),
        pytest.param(
            {"HTTP_HOST": "shop.test:8000"},
            ("127.0.0.1", "http", "shop.test", "8000"),
            id="port in the host",
        ),
        pytest.param(
            {"HTTP_HOST": "shop.test", "HTTP_X_FORWARDED_PROTO": "https"},
            ("127.0.0.1", "https", "shop.test", "443"),
            id="https",
        ),
        pytest.param(
            {"HTTP_HOST": "shop.test", "HTTP_X_FORWARDED_PORT": "8443"},
            ("127.0.0.1", "http", "shop.test", "8443"),
            id="forwarded port",
        ),
        pytest.param(
            {"HTTP_HOST": "[::1]:8000", "HTTP_X_FORWARDED_FOR": "2001:db8::1"},
            ("2001:db8::1", "http", "[::1]", "8000"),
            id="IPv6",
        ),
        pytest.param(
            {"HTTP_HOST": "[::1]"},
            ("127.0.0.1", "http", "[::1]", "80"),
            id="IPv6, no port",
        ),
        pytest.param(
            {"HTTP_HOST": "shop.test", "HTTP_X_FORWARDED_FOR": "6.6.6.6, 192.0.2.7"},
            ("192.0.2.7", "http", "shop.test", "80"),
            id="the last one is the gateway's",
        ),
        pytest.param(
            {
                "HTTP_HOST": "shop.test:",
                "HTTP_X_FORWARDED_PROTO": "gopher",
                "HTTP_X_FORWARDED_PORT": "eighty",
            },
            ("127.0.0.1", "http", "shop.test", "80"),
            id="nonsense",
        ),
    ],
)
def test_who_asked_and_where(headers, expected):
    """The visitor, scheme, host and port are those that the gateway saw."""
    address = address_of(headers, "/", ())
    assert (address.client, address.scheme, address.host, address.port) == expected


def test_a_tcp_peer_is_the_client_where_nobody_else_is_named():
    """A service on a plain address sees who connected."""
    assert address_of({}, "/", (), "127.0.0.5") == Address(
        "127.0.0.5", "http", "localhost", "80", "", "/"
    )


def test_an_environ_says_it_all():
    """The variables of PEP 3333, and the undecoded path that servers add."""
    environ = {
        "PATH_INFO": "/catalog/caf\u00c3\u00a9 1",
        "QUERY_STRING": "q=1",
        "REMOTE_ADDR": "/run/some.sock",
        "HTTP_HOST": "shop.test:8000",
        "HTTP_X_FORWARDED_FOR": "192.0.2.7",
        "HTTP_X_FORWARDED_PREFIX": "/catalog",
    }
    write_address(environ, ("/catalog",))
    assert environ["SCRIPT_NAME"] == "/catalog"
    assert environ["PATH_INFO"] == "/caf\u00c3\u00a9 1"
    assert environ["REMOTE_ADDR"] == "192.0.2.7"
    assert environ["SERVER_NAME"] == "shop.test"
    assert environ["SERVER_PORT"] == "8000"
    assert environ["REQUEST_URI"] == environ["RAW_URI"] == "/catalog/caf%C3%A9%201?q=1"
