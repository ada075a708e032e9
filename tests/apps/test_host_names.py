"""Host names that are written into code lead to services, for one site alone."""

import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel import need_host_names, need_user_namespaces


SITE = {
    "services/front/app.py": """
        import urllib.request

        from flask import Flask

        app = Flask(__name__)


        @app.get("/")
        def index():
            with urllib.request.urlopen("http://users:5001/name", timeout=5) as answer:
                return answer.read()
        """,
    "services/front/service.toml": 'route = "/"\n',
    "services/people/app.py": """
        from flask import Flask

        app = Flask(__name__)


        @app.get("/name")
        def name():
            return "ada"
        """,
    "services/people/service.toml": """
        [address]
        names = ["users"]
        port = 5001
        """,
}
AS_SOMEBODY = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
WITHOUT_NAMESPACES = (
    *("unshare", "--user", "--map-root-user", "--", "sh", "-c"),
    'echo 0 > /proc/sys/user/max_mnt_namespaces; exec "$@"',
    "sh",
)


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A short-pathed runtime folder, also for a user that only the test knows."""
    folder = Path(tempfile.mkdtemp(prefix="gw-"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("through", [(), AS_SOMEBODY], ids=["myself", "somebody"])
def test_a_host_name_and_a_port_resolve(site, runtime, through):
    """For whoever runs the site; no other program of the machine sees the name."""
    need_user_namespaces() if through else need_host_names()
    site.write(SITE)
    site.up(through=through)

    assert site.get("/").text == "ada"
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("users", 5001)


def test_where_the_kernel_refuses_the_terminal_says_what_to_do(site, runtime):
    """The site runs all the same, and the lines for `/etc/hosts` are there to copy."""
    need_user_namespaces()
    site.write(SITE)
    site.up(through=WITHOUT_NAMESPACES)

    said = site.log.read_text()
    assert "the services' host names do not resolve" in said
    assert "add these lines to /etc/hosts" in said
    assert re.search(r"127\.\d+\.\d+\.\d+ users$", said, re.MULTILINE)
    assert site.get("/").status == 500
