"""Namespaces of the kernel, for root and for an ordinary user alike."""

import ctypes
import os
from pathlib import Path


CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000


def enter(flags: int) -> None:
    """Enter new namespaces, and a user namespace where only that allows it.

    Call it before any thread runs.

    Args:
        flags: Which; 0: only what an ordinary user needs to `unshare` later.

    Raises:
        OSError: The kernel refuses.
    """
    user, group = os.getuid(), os.getgid()
    unshare(flags if user == 0 else flags | CLONE_NEWUSER)
    if user != 0:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def unshare(flags: int) -> None:
    """Leave namespaces for new ones; of a network's, the calling thread alone.

    Raises:
        OSError: The kernel refuses.
    """
    if ctypes.CDLL(None, use_errno=True).unshare(flags):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
