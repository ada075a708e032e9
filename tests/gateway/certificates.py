"""Certificates for tests, made by an authority of the test's own."""

from dataclasses import dataclass
from pathlib import Path

from glassware.runner.authority import Authority


@dataclass(frozen=True)
class Shown:
    """A certificate with its key, and who signed it."""

    chain: str
    key: str
    authority: Path


def shown(folder: Path, *names: str, site: str = "shop") -> Shown:
    """Return a new certificate for some names."""
    authority = Authority(folder / "authority")
    chain, key = authority.issue(site, names or ("localhost", "127.0.0.1"))
    return Shown(chain, key, authority.certificate_file)
