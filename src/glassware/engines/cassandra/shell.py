"""The command line of Cassandra, `cqlsh`, with the password out of sight."""

import shutil

from glassware.engines import Access, Shell


# It takes a password from its arguments, which everybody sees, or from a file.
_SCRIPT = """\
umask 077
rc=$(mktemp) || exit
trap : INT
trap 'rm -f "$rc"' EXIT
printf '[authentication]\\nusername = %s\\npassword = %s\\n' \
    "$CASSANDRA_USER" "$CASSANDRA_PASSWORD" > "$rc"
unset CASSANDRA_USER CASSANDRA_PASSWORD
"$@" --cqlshrc "$rc"
"""


def shell(access: Access) -> Shell | None:
    """Return the shell of a keyspace; `None`: this machine has none."""
    program, sh = shutil.which("cqlsh"), shutil.which("sh")
    if program is None or sh is None:
        return None
    options = ["--keyspace", access.name]
    if "tls=true" in access.url:
        options.append("--ssl")
    return Shell(
        argv=(
            sh,
            "-c",
            _SCRIPT,
            "sh",
            program,
            access.host,
            str(access.port),
            *options,
        ),
        environment={
            "CASSANDRA_USER": access.user,
            "CASSANDRA_PASSWORD": access.password,
        },
    )
