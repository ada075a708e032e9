"""Certificates: what is given is looked at before it is shown; the rest is made."""

import datetime as dt
import os
import ssl
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from glassware.errors import GatewayError
from glassware.gateway import Place
from glassware.model import Tls
from glassware.plan import GatewayPlan
from glassware.runner.authority import Authority, authority_folder, trusting
from glassware.runner.certificates import Certificates
from glassware.runner.events import Bulletin, Event, Told
from glassware.runner.pem import read_pair


PEM = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8
NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


def pem(key: object, password: bytes = b"") -> bytes:
    """Return a key as text."""
    locked: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        locked = serialization.BestAvailableEncryption(password)
    return key.private_bytes(PEM, PKCS8, locked)  # type: ignore[attr-defined]


def signed(key, *, begins=-1, ends=90, name="shop.example") -> bytes:
    """Return a certificate that counts for some days before and after this one."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + begins * DAY)
        .not_valid_after(NOW + ends * DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .sign(key, algorithm)
        .public_bytes(PEM)
    )


KEY, OTHER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
SMALL = rsa.generate_private_key(65537, 1024)
ED = ed25519.Ed25519PrivateKey.generate()

BAD: dict[str, tuple[bytes, bytes, str]] = {
    "garbage": (b"garbage", pem(KEY), "holds no certificate that can be read"),
    "empty": (b"", pem(KEY), "holds no certificate that can be read"),
    "half of one": (signed(KEY)[:200], pem(KEY), "holds no certificate"),
    "no key": (signed(KEY), b"garbage", "holds no private key"),
    "the key's place": (pem(KEY), signed(KEY), "holds no certificate"),
    "another key": (signed(KEY), pem(OTHER), "is not that of the certificate"),
    "a locked key": (signed(KEY), pem(KEY, b"x"), "is locked with a password"),
    "expired": (signed(KEY, begins=-9, ends=-1), pem(KEY), "expired on"),
    "not yet": (signed(KEY, begins=1), pem(KEY), "does not count before"),
    "too small": (signed(SMALL), pem(SMALL), "of a kind that browsers or Envoy"),
    "of an odd kind": (signed(ED), pem(ED), "of a kind that browsers or Envoy"),
    "the chain first": (
        signed(OTHER) + signed(KEY),
        pem(KEY),
        "is not that of the certificate",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_good_is_said(tmp_path: Path, name: str) -> None:
    """With the file, and with a way out."""
    certificate, key, said = BAD[name]
    (tmp_path / "c.pem").write_bytes(certificate)
    (tmp_path / "k.pem").write_bytes(key)

    with pytest.raises(GatewayError, match=said) as caught:
        read_pair(tmp_path / "c.pem", tmp_path / "k.pem")

    assert str(tmp_path) in caught.value.message
    assert caught.value.hint


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    """As in a folder that came without its secrets."""
    with pytest.raises(GatewayError, match="cannot be read: no such file"):
        read_pair(tmp_path / "c.pem", tmp_path / "k.pem")


@pytest.mark.parametrize(
    "key",
    [
        KEY,
        ec.generate_private_key(ec.SECP384R1()),
        rsa.generate_private_key(65537, 2048),
    ],
)
def test_the_usual_kinds_are_good(tmp_path: Path, key) -> None:
    """ECDSA and RSA, the chain behind the site's own, text before it."""
    (tmp_path / "c.pem").write_bytes(b"# mine\n" + signed(key) + signed(OTHER))
    (tmp_path / "k.pem").write_bytes(pem(key))

    read = read_pair(tmp_path / "c.pem", tmp_path / "k.pem")

    assert read.names == {"shop.example"}
    assert read.chain.count("BEGIN CERTIFICATE") == 2
    assert read.chain.startswith("-----BEGIN")
    assert "PRIVATE KEY" not in repr(read)


@pytest.fixture
def said() -> list[str]:
    """What was told."""
    return []


@pytest.fixture
def made(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Certificates]:
    """Make what keeps certificates, as each start of a site does."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "state").mkdir()

    def hear(event: Event) -> None:
        assert isinstance(event, Told)
        said.append(f"{event.text} {event.detail}")

    return lambda: Certificates(tmp_path, tmp_path / "state", Bulletin([hear]))


def place(
    folder: Path, *, hosts: tuple[str, ...] = (), tls: Tls | None = None
) -> Place:
    """Return the place of a gateway with TLS."""
    plan = GatewayPlan(
        port=None, bind="127.0.0.1", hosts=hosts, routes=(), tls=tls or Tls()
    )
    return Place(folder=folder, plan=plan, port=8000, site="shop")


def test_one_for_development_is_made_and_kept(
    tmp_path: Path, made: Callable[[], Certificates], said: list[str]
) -> None:
    """For every host of the site; how to trust it is said once."""
    there = place(tmp_path, hosts=("shop.example",))

    first, second = made().first(there), made().first(there)

    assert first == second
    assert first.names == {
        *("localhost", "*.localhost", "127.0.0.1", "::1", "shop.example")
    }
    assert [line for line in said if "authority" in line] == said
    assert len(said) == 1
    assert trusting(authority_folder() / "certificate.pem") in said[0]


def test_a_new_host_makes_a_new_one(
    tmp_path: Path, made: Callable[[], Certificates]
) -> None:
    """Also while the site runs; the authority stays the same."""
    kept = made()
    first = kept.first(place(tmp_path))
    more = place(tmp_path, hosts=("new.example",))

    assert kept.newer(place(tmp_path)) is None
    assert kept.newer(more) is None
    second = kept.newer(more)

    assert second is not None
    assert second.names - first.names == {"new.example"}
    authority = Authority(authority_folder())
    assert not authority.is_new
    assert authority.has_issued(x509.load_pem_x509_certificate(second.chain.encode()))


def test_keys_are_for_the_user_alone(
    tmp_path: Path, made: Callable[[], Certificates]
) -> None:
    """Whoever has the authority's key is any site to whoever trusts it."""
    made().first(place(tmp_path))

    folder = authority_folder()
    modes = [
        stat.S_IMODE(path.stat().st_mode)
        for path in (folder, folder / "key.pem", tmp_path / "state" / "tls.pem")
    ]

    assert modes == [0o700, 0o600, 0o600]


def test_it_is_no_authority_itself(
    tmp_path: Path, made: Callable[[], Certificates]
) -> None:
    """A site's own key signs nothing that a browser would take."""
    leaf = x509.load_pem_x509_certificate(made().first(place(tmp_path)).chain.encode())

    basic = leaf.extensions.get_extension_for_class(x509.BasicConstraints)
    assert basic.critical
    assert not basic.value.ca


def test_openssl_takes_the_authority(
    tmp_path: Path, made: Callable[[], Certificates]
) -> None:
    """As a browser would that was told to trust it."""
    made().first(place(tmp_path))
    context = ssl.create_default_context(
        cafile=str(authority_folder() / "certificate.pem")
    )

    [known] = context.get_ca_certs()
    assert "glassware development" in str(known["subject"])


@pytest.mark.parametrize("name", ["key.pem", "certificate.pem"])
def test_a_damaged_authority_is_said(
    tmp_path: Path, made: Callable[[], Certificates], name: str
) -> None:
    """It is never made anew by itself: somebody trusts the one that was there."""
    made().first(place(tmp_path))
    (authority_folder() / name).write_text("garbage")
    (tmp_path / "state" / "tls.pem").unlink()

    with pytest.raises(GatewayError, match="no authority") as caught:
        made().first(place(tmp_path))

    assert "remove that folder" in str(caught.value.hint)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_is_said(
    tmp_path: Path, made: Callable[[], Certificates], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container whose files are for reading alone."""
    monkeypatch.setenv("XDG_DATA_HOME", "/proc/nowhere")

    with pytest.raises(GatewayError, match="cannot be kept in"):
        made().first(place(tmp_path))


def test_a_given_one_is_followed(
    tmp_path: Path, made: Callable[[], Certificates], said: list[str]
) -> None:
    """The next good one is taken; what is no good is told, once it stands still."""
    there = place(tmp_path, tls=Tls(certificate="c.pem", key="k.pem"))
    (tmp_path / "c.pem").write_bytes(signed(KEY))
    (tmp_path / "k.pem").write_bytes(pem(KEY))
    kept = made()
    first = kept.first(there)

    (tmp_path / "c.pem").write_bytes(signed(OTHER))
    assert [kept.newer(there) for _ in range(4)] == [None] * 4
    assert len(said) == 1
    assert "keeps the certificate that it has" in said[0]

    (tmp_path / "k.pem").write_bytes(pem(OTHER))
    assert kept.newer(there) is None
    second = kept.newer(there)
    assert second is not None
    assert second.chain != first.chain
    assert "has a new certificate" in said[1]


def test_the_last_good_one_survives(
    tmp_path: Path, made: Callable[[], Certificates], said: list[str]
) -> None:
    """Also where the gateway itself has to start anew meanwhile."""
    there = place(tmp_path, tls=Tls(certificate="c.pem", key="k.pem"))
    (tmp_path / "c.pem").write_bytes(signed(KEY))
    (tmp_path / "k.pem").write_bytes(pem(KEY))
    kept = made()
    first = kept.first(there)
    (tmp_path / "c.pem").unlink()

    assert kept.first(there) == first
    assert "keeps the certificate that it has" in said[0]


def test_its_end_is_spoken_of(
    tmp_path: Path, made: Callable[[], Certificates], said: list[str]
) -> None:
    """A week before, while there is time."""
    (tmp_path / "c.pem").write_bytes(signed(KEY, ends=3))
    (tmp_path / "k.pem").write_bytes(pem(KEY))

    made().first(place(tmp_path, tls=Tls(certificate="c.pem", key="k.pem")))

    assert "its certificate ends on" in said[0]
