"""The command line of Valkey or Redis, with the password in its environment."""

import shutil

from glassware.engines import Access, Shell


PROGRAMS = ("valkey-cli", "redis-cli")


def shell(access: Access) -> Shell | None:
    """Return the shell of a database; `None`: this machine has none."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        return None
    if access.socket:
        place: tuple[str, ...] = ("-s", access.socket)
    else:
        place = ("-h", access.host, "-p", str(access.port))
    if access.url.startswith("rediss:"):
        place = (*place, "--tls")
    return Shell(
        argv=(program, *place, "--user", access.user, "-n", access.name),
        environment={"REDISCLI_AUTH": access.password},
    )
