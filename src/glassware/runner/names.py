"""Host names that lead to services, inside this site alone.

Code with a neighbour's host name written into it (`http://users:5001`) runs
unchanged where the kernel lets the supervisor have a mount namespace of its
own: everything it starts then sees another `/etc/hosts`. No other program of
the machine does.
"""

import ctypes
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from .namespaces import CLONE_NEWNS, enter


HOSTS = Path("/etc/hosts")
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18


def give_names(names: Mapping[str, str], file: Path) -> str | None:
    """Let `names` resolve for this process and everything it starts.

    Call it before any thread runs.

    Args:
        names: Addresses by host name.
        file: Takes the content of this site's `/etc/hosts`.

    Returns:
        Why it cannot be had on this machine; `None` where it can.
    """
    write_names(names, file)
    if sys.platform != "linux":
        return "it needs Linux"
    try:
        enter(CLONE_NEWNS)
    except OSError as error:
        return f"the kernel refuses a namespace ({error.strerror})"
    libc = ctypes.CDLL(None, use_errno=True)
    for source, target, how in (
        (None, "/", MS_REC | MS_PRIVATE),
        (str(file), str(HOSTS), MS_BIND),
    ):
        origin = source.encode() if source else None
        if libc.mount(origin, target.encode(), None, how, None):
            return f"the kernel refuses a mount ({os.strerror(ctypes.get_errno())})"
    return None


def write_names(names: Mapping[str, str], file: Path) -> None:
    """Write this site's `/etc/hosts` in place, so that a mount of it stays true."""
    lines = [f"{address}\t{name}" for name, address in sorted(names.items())]
    file.write_text("\n".join([_ordinary(file), *lines]) + "\n")


def _ordinary(file: Path) -> str:
    """Return what the machine's own file says, also once ours lies over it."""
    kept = file.with_name(f"{file.name}.machine")
    if not kept.exists():
        kept.write_text(HOSTS.read_text() if HOSTS.exists() else "127.0.0.1 localhost")
    return kept.read_text().rstrip("\n")
