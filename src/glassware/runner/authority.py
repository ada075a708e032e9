"""Certificates for development: an authority of this user's own, and what it signs.

The authority is shared by all sites of one user, so that a browser is told to
trust it once. Whoever has its key can pretend to be any site to whoever trusts
it, so the key never leaves its folder, which nobody else can read.
"""

import os
import secrets
import shutil
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from glassware.errors import GatewayError


CERTIFICATE, KEY = "certificate.pem", "key.pem"
LIVES = timedelta(days=90)
RENEWED_BEFORE = timedelta(days=30)
_AUTHORITY_LIVES = timedelta(days=3650)
# Clocks differ, and one that was set back would find it not valid yet.
_EARLIER = timedelta(days=1)
_LONGEST_NAME = 64
_NAME = "glassware development"


def authority_folder() -> Path:
    """Return where the authority is kept, for all sites of this user.

    Raises:
        GatewayError: The user has no home.
    """
    data = os.environ.get("XDG_DATA_HOME")
    try:
        place = Path(data) if data else Path.home() / ".local" / "share"
    except RuntimeError as error:
        raise _unkept("~/.local/share", error) from error
    return place / "glassware" / "authority"


class Authority:
    """Signs certificates for development.

    Args:
        folder: Where it is, or is made if it is not.

    Attributes:
        is_new: Whether it was made just now.

    Raises:
        GatewayError: It cannot be made, or what is there is none.
    """

    def __init__(self, folder: Path) -> None:
        self.certificate_file = folder / CERTIFICATE
        try:
            self.is_new = not folder.exists() and _make(folder)
            certificate = self.certificate_file.read_bytes()
            key = (folder / KEY).read_bytes()
        except OSError as error:
            raise _unkept(str(folder), error) from error
        try:
            self._certificate = x509.load_pem_x509_certificate(certificate)
            loaded = serialization.load_pem_private_key(key, None)
        except (TypeError, ValueError) as error:
            raise _damaged(folder) from error
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise _damaged(folder)
        if loaded.public_key() != self._certificate.public_key():
            raise _damaged(folder)
        if self._certificate.not_valid_after_utc < datetime.now(UTC) + LIVES:
            raise _damaged(folder)
        self._key: ec.EllipticCurvePrivateKey = loaded

    def issue(self, site: str, names: Iterable[str]) -> tuple[str, str]:
        """Return a new certificate for these host names and addresses, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        said = x509.SubjectAlternativeName([_general(name) for name in names])
        builder = (
            _builder(_subject(f"{site} ({_NAME})"), key.public_key(), LIVES)
            .issuer_name(self._certificate.subject)
            .add_extension(said, critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
            .add_extension(_usage(signs=False), True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False
            )
            .add_extension(_issued_by(self._certificate.public_key()), False)
        )
        return _pem(builder.sign(self._key, hashes.SHA256())), _key_pem(key)

    def has_issued(self, certificate: x509.Certificate) -> bool:
        """Tell whether a certificate is one of its own."""
        try:
            certificate.verify_directly_issued_by(self._certificate)
        except (InvalidSignature, TypeError, ValueError):
            return False
        return True


def trusting(certificate: Path) -> str:
    """Return how to let this machine trust the authority, and how to undo it."""
    if sys.platform == "darwin":
        keychain = "~/Library/Keychains/login.keychain-db"
        return (
            f"to trust it: security add-trusted-cert -k {keychain} '{certificate}'\n"
            f"to undo that: security remove-trusted-cert '{certificate}'\n"
            "Firefox: Settings, Certificates, Authorities, Import"
        )
    installed = "/usr/local/share/ca-certificates/glassware.crt"
    database = "-d sql:$HOME/.pki/nssdb"
    return (
        f"to trust it: sudo cp '{certificate}' {installed} "
        "&& sudo update-ca-certificates\n"
        f"in Chromium: certutil {database} -A -t C,, -n glassware -i '{certificate}'\n"
        "in Firefox: Settings, Certificates, Authorities, Import\n"
        f"to undo that: sudo rm {installed} && sudo update-ca-certificates --fresh; "
        f"certutil {database} -D -n glassware"
    )


def _make(folder: Path) -> bool:
    """Make an authority; return whether it is there by our doing."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(f"{_NAME} {secrets.token_hex(4)}")
    builder = (
        _builder(subject, key.public_key(), _AUTHORITY_LIVES)
        .issuer_name(subject)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .add_extension(_usage(signs=True), True)
    )
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}")
    beside.mkdir(mode=0o700)
    try:
        (beside / KEY).touch(mode=0o600)
        (beside / KEY).write_text(_key_pem(key))
        (beside / CERTIFICATE).write_text(_pem(builder.sign(key, hashes.SHA256())))
        beside.rename(folder)
    except OSError:
        shutil.rmtree(beside, ignore_errors=True)
        if not folder.exists():
            raise
        # Another site was faster.
        return False
    return True


def _builder(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, lives: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + lives)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
    )


def _issued_by(key: object) -> x509.AuthorityKeyIdentifier:
    assert isinstance(key, ec.EllipticCurvePublicKey)  # noqa: S101
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_LONGEST_NAME])])


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name.strip("[]")))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _unkept(folder: str, error: Exception) -> GatewayError:
    return GatewayError(
        f"the authority for development cannot be kept in `{folder}`: {error}",
        hint="set `XDG_DATA_HOME` to a folder that can be written",
    )


def _damaged(folder: Path) -> GatewayError:
    return GatewayError(
        f"what is in `{folder}` is no authority for development, or has come to its end",
        hint="remove that folder: the next start makes another, to be trusted anew",
    )
