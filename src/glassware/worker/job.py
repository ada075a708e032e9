"""The protocol between the supervisor and its workers.

A **job** is one JSON object:

===============  =============================================================
`service`        name of the service
`folder`         its folder; becomes the working folder
`app`            `app.py`, `module` or `module:name`; `null`: by convention
`socket`         path of the unix socket to bind, mode 0600
`address`        `[host, port]`: TCP in place of the socket, or `null`
`server`         `granian`, `threaded`, or `null`: found out
`threads`        views that run at once; others wait for their turn
`drain`          seconds that a stopping worker may take
`mounts`         public prefixes, the principal one first
`environment`    all variables; they replace those of the process
`debug`          Werkzeug's debugger answers for exceptions
`development`    templates are read again when they change
`terminal`       stdin is the terminal, for `breakpoint()`
===============  =============================================================

**Status** is a pipe. The worker writes one JSON object a line:

- `{"event": "started", "pid": N}` first;
- then `{"event": "ready", "interface": "wsgi" | "asgi", "server": "granian" |
  "threaded", "endpoints": [{"name", "rule", "methods", "file", "line",
  "defaults"}],
  "modules": [FILE], "session": {"cookie", "path", "key"}}`, where `modules` are the
  files worth watching, and `key` says what is wrong with the application's own;
  the layout says `"pages": {STATUS: HTML}` too, for the gateway's own answers;
- or `{"event": "failed", "reason": LINE, "traceback": TEXT}` and exit code 3.

The end of the pipe without either means that the process died. SIGTERM drains
(exit code 0); a second SIGTERM, or the end of the drain time, ends at once.

**A plain process** is `python -m glassware.worker --status FD --job FD`; it
reads the job from a descriptor, so that no secret is in `argv` or in the
environment that others can read. `python -m glassware.worker inspect` reads a
job from stdin, loads it and writes what would be its `ready` or `failed` line
to stdout, without serving.

**A zygote** is `python -m glassware.worker.zygote --control FD [--preload
MODULE …]`, where the descriptor is a `SOCK_SEQPACKET` unix socket. It says
`{"event": "ready", "threads": 1, "skipped": [{"module", "reason"}]}`; then
each message to it is a job of at most `LARGEST_JOB` bytes with the descriptors
status, output (becomes stdout and stderr) and, optionally, stdin. It answers
`{"event": "forked", "pid": N}` or `{"event": "refused", "reason": LINE}`;
answers that nobody reads are dropped. Its workers are children of its parent,
which must be a subreaper, and are killed when that parent ends. The end of the
control socket ends the zygote, not its workers.

**A group** is several services in one process. Its job is `{"group": NAME,
"members": [JOB, …], "environment": {…}}`: at most `MOST_MEMBERS` jobs, each
with a socket of its own and with what it has of variables besides those of the
group's `environment`, or in their place. The process is called by the group's
name. It is started in the same two ways:

- a zygote is sent the descriptors status, output, and one output for each
  member, in their order; there is no stdin in this way;
- a plain process is told `--outputs FD,FD,…` besides, and has whatever stdin it
  was started with.

What a member's code prints goes to its own output, as whole lines; what nobody's
code prints (threads of libraries, native code) goes to the group's.

`ready` says `{"event": "ready", "members": [{"service", "interface", "server",
"endpoints", "modules"}, …]}`, in their order. A file that several of them have
imported is among the `modules` of the first. One member that cannot be loaded
fails the group: `failed` then has its name in `service` and in front of `reason`.
The longest `drain` of the members is the group's. `inspect` takes such a job too.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any


LARGEST_JOB = 200_000
MOST_MEMBERS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What one worker is to serve; the module's docstring explains each field."""

    service: str
    folder: Path
    app: str | None = None
    socket: str | None = None
    address: tuple[str, int] | None = None
    server: str | None = None
    threads: int = 4
    drain: float = 10.0
    mounts: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    debug: bool = False
    development: bool = False
    terminal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The job of a process that serves several services.

    Attributes:
        name: The group's.
        members: A job each; their variables are whole.
    """

    name: str
    members: tuple[Job, ...]

    @property
    def drain(self) -> float:
        """The seconds that it may take to stop."""
        return max(member.drain for member in self.members)


def write_job(job: Job) -> bytes:
    """Return what `read_job` reads."""
    said = {f.name: getattr(job, f.name) for f in fields(Job)}
    return json.dumps({**said, "folder": str(job.folder)}).encode()


def read_job(text: str | bytes) -> Job | Group:
    """Return the job that `text` says; keys of a newer supervisor are ignored.

    Raises:
        ValueError: It is not a job.
    """
    try:
        said: dict[str, Any] = json.loads(text)
        return _group(said) if "group" in said else _job(said)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no job: {error!r}") from error


def _group(said: dict[str, Any]) -> Group:
    shared = said.get("environment", {})
    members = tuple(
        _job({**job, "environment": {**shared, **job.get("environment", {})}})
        for job in said["members"]
    )
    if not 0 < len(members) <= MOST_MEMBERS:
        raise ValueError(f"a group has 1 to {MOST_MEMBERS} members")
    return Group(name=said["group"], members=members)


def _job(said: dict[str, Any]) -> Job:
    known = {f.name: said[f.name] for f in fields(Job) if f.name in said}
    known["folder"] = Path(known["folder"])
    known["mounts"] = tuple(known.get("mounts", ()))
    if known.get("address") is not None:
        host, port = known["address"]
        known["address"] = (str(host), int(port))
    return Job(**known)
