"""Packages come from where the user's pip, uv and npm would get them."""

import datetime as dt
import http.server
import ipaddress
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from engines.registry import Registry, handler_of, package_of, serving
from glassware.engines.fetch import Progress, fetch
from glassware.engines.packages import Package, Part, is_there
from glassware.errors import EngineError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, in which nothing is set."""
    for variable in (
        *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CONFIG_FILE"),
        *("UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX", "XDG_CONFIG_HOME"),
    ):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A registry on the loopback that nobody has named yet."""
    with serving() as registry:
        yield registry


def ignore(progress: Progress) -> None:
    """Hear how far it is."""


def write(file: Path, text: str) -> None:
    """Write a file of settings."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


PIP_AND_UV = {
    "PIP_INDEX_URL": None,
    "UV_DEFAULT_INDEX": None,
    "UV_INDEX": None,
    ".config/pip/pip.conf": "[global]\nindex-url = {}\n",
    ".pip/pip.conf": "[install]\nextra_index_url =\n  http://127.0.0.1:1/no\n  {}\n",
    ".config/uv/uv.toml": '[[index]]\nname = "own"\nurl = "{}"\ndefault = true\n',
}


@pytest.mark.parametrize("named", PIP_AND_UV)
def test_indexes_are_those_of_pip_and_uv(
    registry: Registry, home: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    """A mirror that either of them is told about has the wheel; PyPI is not asked."""
    template = PIP_AND_UV[named]
    index = f"{registry.url}/simple"
    if template is None:
        monkeypatch.setenv(named, index)
    else:
        write(home / named, template.format(index))
    if named in {"UV_INDEX", ".pip/pip.conf"}:
        # These are asked besides.
        monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    package = package_of(registry.wheel("toy", {"a": "1"}))

    fetch(package, ignore)

    assert is_there(package)


@pytest.mark.parametrize("as_html", [False, True])
def test_the_digest_chooses_the_wheel(
    registry: Registry, home: Path, monkeypatch: pytest.MonkeyPatch, *, as_html: bool
) -> None:
    """Of many it is the pinned one that comes, whatever Python it was made for."""
    monkeypatch.setenv("PIP_INDEX_URL", f"{registry.url}/simple/")
    tags = ("cp38-cp38-win_amd64", "cp39-cp39-any", "cp313-cp313-any")
    parts = [
        registry.wheel("toy", {"a": tag}, tag=tag, as_html=as_html) for tag in tags
    ]

    place = fetch(package_of(parts[0]), ignore)

    assert (place / "toy/a").read_text() == "cp38-cp38-win_amd64"
    assert len(registry.archives()) == 1


def test_an_index_without_digests_will_do(
    registry: Registry, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is on its page is tried until it is the right one."""
    monkeypatch.setenv("PIP_INDEX_URL", f"{registry.url}/simple")
    wanted = registry.wheel("toy", {"a": "2"}, tag="cp39-none-any")
    registry.wheel("toy", {"a": "1"}, tag="cp38-none-any")
    names = [path for path in registry.pages if path.startswith("/files")]
    page = "".join(f'<a href="{registry.url}{name}">x</a>' for name in sorted(names))
    registry.pages["/simple/toy/"] = ("text/html", page.encode())

    place = fetch(package_of(wanted), ignore)

    assert (place / "toy/a").read_text() == "2"
    assert len(registry.archives()) == 2


@pytest.mark.parametrize("listed", [False, True])
def test_a_folder_of_wheels_needs_no_network(
    registry: Registry,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    listed: bool,
) -> None:
    """What was carried here by hand is found: pip's `find-links`, or an index on disk."""
    part = registry.wheel("toy", {"a": "1"})
    name = "toy-1.0.0-py3-none-any.whl"
    folder = home / "index/toy" if listed else home / "wheels"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(registry.pages[f"/files/{name}"][1])
    if listed:
        (folder / "index.html").write_text(f'<a href="{name}">{name}</a>')
        monkeypatch.setenv("PIP_INDEX_URL", (home / "index").as_uri())
    else:
        monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
        monkeypatch.setenv("PIP_NO_INDEX", "1")

    assert (fetch(package_of(part), ignore) / "toy/a").read_text() == "1"
    assert registry.asked == []


@pytest.mark.parametrize(
    "named", ["npm_config_registry", "NPM_CONFIG_REGISTRY", "@toy"]
)
def test_the_registry_is_that_of_npm(
    registry: Registry, home: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    """By variable, or in the user's `.npmrc`, also for a scope alone."""
    if named.startswith("@"):
        write(home / ".npmrc", f"; mine\n@toy:registry={registry.url}/npm\n")
    else:
        monkeypatch.setenv(named, f"{registry.url}/npm")
    package = package_of(registry.npm("@toy/linux", {"a": "1"}))

    fetch(package, ignore)

    assert is_there(package)


def test_a_mirror_is_asked_for_the_archive_too(
    registry: Registry, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Addresses of npm's own registry that it repeats are its own in truth."""
    monkeypatch.setenv("npm_config_registry", f"{registry.url}/npm")
    part = registry.npm("toy", {"a": "1"})
    kind, about = registry.pages["/npm/toy"]
    there = about.replace(f"{registry.url}/npm".encode(), b"https://registry.npmjs.org")
    registry.pages["/npm/toy"] = (kind, there)

    fetch(package_of(part), ignore)

    assert len(registry.archives()) == 1


def test_the_site_has_an_npmrc(
    registry: Registry, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands before the user's, and may take the token from a variable."""
    monkeypatch.setenv("TOY_TOKEN", "s3cret")
    registry.wanted = "Bearer s3cret"
    write(home / ".npmrc", "registry=http://127.0.0.1:1\n")
    place = registry.url.removeprefix("http:")
    write(
        home / "site/.npmrc",
        f"registry = {registry.url}/npm\n{place}/npm/:_authToken=${{TOY_TOKEN}}\n",
    )
    package = package_of(registry.npm("toy", {"a": "1"}))

    fetch(package, ignore, site=home / "site")

    assert is_there(package)


def test_passwords_of_an_index_go_nowhere_else(
    registry: Registry, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host with the files is not told who reads the index, and no error has it."""
    with serving() as files:
        part = files.wheel("toy", {"a": "1"})
        kind, page = files.pages["/simple/toy/"]
        there = page.replace(b"../../files", f"{files.url}/files".encode())
        registry.pages["/simple/toy/"] = (kind, there)
        place = registry.url.removeprefix("http://")
        monkeypatch.setenv("PIP_INDEX_URL", f"http://ada:s3cret@{place}/simple")

        fetch(package_of(part), ignore)
        with pytest.raises(EngineError) as caught:
            fetch(package_of(replace(part, name="toys"), folder="toys"), ignore)

    assert registry.asked[0][1] == "Basic YWRhOnMzY3JldA=="
    assert [said for _, said in files.asked] == [None]
    assert "s3cret" not in str(caught.value)


def test_tokens_are_not_sent_where_a_registry_leads(
    registry: Registry, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A registry that keeps its archives elsewhere redirects; elsewhere learns nothing."""
    with serving() as elsewhere:
        part = registry.npm("toy", {"a": "1"})
        archive = "/npm/toy/-/toy-1.0.0.tgz"
        elsewhere.pages[archive] = registry.pages[archive]
        registry.moved[archive] = f"{elsewhere.url}{archive}"
        place = registry.url.removeprefix("http:")
        settings = f"registry={registry.url}/npm\n{place}/:_authToken=s3cret\n"
        write(home / ".npmrc", settings)

        fetch(package_of(part), ignore)

    assert [said for _, said in registry.asked] == ["Bearer s3cret"] * 2
    assert elsewhere.asked == [(archive, None)]


def test_netrc_is_read(
    registry: Registry, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As pip and uv read it."""
    monkeypatch.setenv("PIP_INDEX_URL", f"{registry.url}/simple")
    write(home / ".netrc", "machine 127.0.0.1 login ada password s3cret\n")
    (home / ".netrc").chmod(0o600)
    registry.wanted = "Basic YWRhOnMzY3JldA=="
    package = package_of(registry.wheel("toy", {"a": "1"}))

    fetch(package, ignore)

    assert is_there(package)


def failure(package: Package) -> EngineError:
    """Return what fetching a package ends with."""
    with pytest.raises(EngineError) as caught:
        fetch(package, ignore)
    assert not is_there(package)
    return caught.value


def test_no_network_is_told(
    registry: Registry, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message has the host, the hint the ways out."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{port}/simple")

    for part in (registry.npm("toy", {"a": "1"}), registry.wheel("toy", {"a": "1"})):
        error = failure(package_of(part))
        assert f"127.0.0.1:{port}" in error.message
        assert "HTTPS_PROXY" in (error.hint or "")


def test_what_is_not_there_is_told(
    registry: Registry, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which registry does not have which version, and how to name another."""
    for name, value in registry.environment().items():
        monkeypatch.setenv(name, value)
    for part in (registry.npm("toy", {"a": "1"}), registry.wheel("toy", {"a": "1"})):
        absent = failure(package_of(replace(part, version="2.0.0")))
        assert "`toy` 2.0.0" in absent.message
        assert registry.url in absent.message
        unknown = failure(package_of(replace(part, name="nobody-has-it")))
        assert "nobody-has-it" in unknown.message


def test_a_missing_token_is_told(
    registry: Registry, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """401 is no lack of network."""
    for name, value in registry.environment().items():
        monkeypatch.setenv(name, value)
    registry.wanted = "Bearer s3cret"

    error = failure(package_of(registry.npm("toy", {"a": "1"})))

    assert "401" in error.message
    assert "token" in (error.hint or "")


def test_a_proxy_is_used(
    registry: Registry, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The usual variable names it, and a host that it alone can reach is reached."""
    monkeypatch.setenv("http_proxy", registry.url)
    monkeypatch.setenv("npm_config_registry", "http://npm.invalid/npm")
    part = registry.npm("toy", {"a": "1"})
    # A proxy is asked for whole URLs.
    kind, about = registry.pages["/npm/toy"]
    archive = "/npm/toy/-/toy-1.0.0.tgz"
    there = about.replace(registry.url.encode(), b"http://npm.invalid")
    registry.pages["http://npm.invalid/npm/toy"] = (kind, there)
    registry.pages[f"http://npm.invalid{archive}"] = registry.pages[archive]

    fetch(package_of(part), ignore)

    assert registry.archives() == [f"http://npm.invalid{archive}"]


def sign_itself(certificate: Path) -> None:
    """Write a certificate for the loopback that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "here")])
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([loopback]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


@contextmanager
def with_tls(registry: Registry, certificate: Path) -> Iterator[str]:
    """Serve a registry over TLS too, with a certificate that nobody knows."""
    sign_itself(certificate)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler_of(registry))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_company_s_authority_is_trusted_where_it_is_named(
    registry: Registry, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its file the message says what is missing; npm's and pip's keys name it."""
    with with_tls(registry, home / "own.pem") as url:
        registry.url = url
        npm, pypi = registry.npm("toy", {"a": "1"}), registry.wheel("toys", {"a": "1"})
        monkeypatch.setenv("PIP_INDEX_URL", f"{url}/simple")
        write(home / ".npmrc", f"registry={url}/npm\n")
        for part in (npm, pypi):
            error = failure(package_of(part))
            assert "certificate" in error.message
            assert "SSL_CERT_FILE" in (error.hint or "")

        write(home / ".npmrc", f"registry={url}/npm\ncafile={home}/own.pem\n")
        monkeypatch.setenv("PIP_CERT", f"{home}/own.pem")
        fetch(package_of(npm, pypi), ignore)


DYNOXIDE = Part(
    registry="npm",
    name="@dynoxide/linux-x64",
    version="1.2.1",
    digests={
        "linux-x86_64": "sha512-sBHqlxJ9ANkLluFkYRfd5r8Y0ApFew4FhOrlhgRAgD4XzEoFOukEo1nu"
        "BTQ1+jTtofqwn4NWQ2k0Tn5mNTjgUg=="
    },
)


@pytest.mark.skipif(DYNOXIDE.digest is None, reason="there is none for this machine")
def test_the_smallest_real_package_comes_from_npm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dynoxide is where its pin says, as the user's settings reach it, and runs."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    place = fetch(package_of(DYNOXIDE), ignore)

    program = place / DYNOXIDE.name / "dynoxide"
    said = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=True
    )
    assert "1.2.1" in said.stdout
