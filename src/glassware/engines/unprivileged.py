"""For root: running a program that refuses to be run by root."""

import functools
import os
import pwd
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

from glassware.errors import EngineError

from .programs import works


_NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Way:
    """How a program is run by somebody who is not root.

    Attributes:
        argv: What goes before the program; empty where nobody is root.
        owner: The user whom its files have to belong to.
    """

    argv: tuple[str, ...]
    owner: int


@functools.cache
def way_for(probe: tuple[str, ...]) -> Way:
    """Return the first way in which a program runs on this machine.

    Args:
        probe: The program with arguments that make it end at once, and well.

    Raises:
        EngineError: None does.
    """
    if os.geteuid() != 0:
        return Way((), os.geteuid())
    for way in _ways():
        if works((*way.argv, *probe)):
            return way
    raise EngineError(
        f"`{probe[0]}` cannot run as root, and root cannot run it as somebody else here",
        hint="run `glassware` as an ordinary user",
    )


def _ways() -> Iterator[Way]:
    unshare, setpriv = shutil.which("unshare"), shutil.which("setpriv")
    if unshare:
        # Another number for the same user: files stay root's, so that folders
        # which only root may enter are no obstacle.
        yield Way((unshare, "--map-user=1000", "--map-group=1000", "--"), owner=0)
    if setpriv:
        nobody = _nobody()
        change = (setpriv, f"--reuid={nobody}", f"--regid={nobody}", "--clear-groups")
        # The state folder, and the checkout of a root user, are closed to
        # everybody else: this capability opens them, and the flag lets it count
        # where a program asks with `access` before it opens.
        entry = (
            *("--inh-caps=+dac_override", "--ambient-caps=+dac_override"),
            "--securebits=+no_setuid_fixup",
        )
        yield Way((*change, *entry, "--"), owner=nobody)


def _nobody() -> int:
    try:
        return pwd.getpwnam("nobody").pw_uid
    except KeyError:
        return _NOBODY
