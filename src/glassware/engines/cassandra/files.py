"""The data folder of a Cassandra: its settings, its ports, and who administers it."""

import json
import os
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from glassware.engines import Place
from glassware.engines.addresses import LOOPBACK
from glassware.engines.folders import data_folder
from glassware.errors import EngineError
from glassware.files import write_whole

from .programs import java, number
from .programs import java_options as java_options_of


FIRST_PASSWORD = "cassandra"  # noqa: S105 - what Cassandra itself begins with

_WIPE = "begin anew with `glassware down --wipe`"

# Warnings and errors to the console, less what is said at every start: what a
# folder without a remote control says about it, and about OpenJDK.
_LOGGING = """\
<configuration>
  <appender name="STDOUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder>
      <pattern>%replace(%-5level %msg%n%xException){'^[A-Z]+ +(JMX is|cassandra.jmx|OpenJDK is|JNA not|No host ID)[^$]*$',''}%nopex</pattern>
    </encoder>
  </appender>
  <root level="WARN"><appender-ref ref="STDOUT" /></root>
</configuration>
"""


def conf(place: Place) -> Path:
    """Return the folder with the settings of the server of `place`."""
    return place.data / "conf"


def java_options(place: Place) -> Path:
    """Return the file with options of Java that are too many to be seen."""
    return conf(place) / "java.options"


def scratch(place: Place) -> Path:
    """Return the folder for what the server unpacks."""
    return place.data / "tmp"


def prepare(place: Place) -> None:
    """Write the settings, and who is to administer it.

    Raises:
        EngineError: The folder cannot be written, another server uses it, or a
            newer one wrote it.
    """
    with data_folder(place):
        _check_version(place)
        shutil.rmtree(scratch(place), ignore_errors=True)
        scratch(place).mkdir(mode=0o700)
        for name in ("conf", "data", "commitlog", "saved_caches", "triggers"):
            (place.data / name).mkdir(mode=0o700, exist_ok=True)
        write_whole(conf(place) / "logback.xml", _LOGGING, mode=0o600)
        ports = _ports(place)
        settings = _settings(place, ports[0])
        if place.program.source == "embedded":
            options = "\n".join(java_options_of(java(place.program.path or Path())))
            write_whole(java_options(place), options, mode=0o600)
        if place.program.source == "machine":
            _copy_settings(place, ports[1])
        text = json.dumps(settings, indent=2, ensure_ascii=False)
        write_whole(conf(place) / "cassandra.yaml", text, mode=0o600)
        expect(place.data, place.password)


def expect(data: Path, password: str) -> None:
    """Write down that the administrator gets `password` once the server runs."""
    known = passwords(data)
    if known[-1] != password:
        _write_passwords(data, [*known, password])


def passwords(data: Path) -> list[str]:
    """Return what the administrator's password may be; the last is to be it."""
    with suppress(OSError, ValueError):
        known = json.loads(_passwords(data).read_text())
        if known:
            return [str(password) for password in known]
    return [FIRST_PASSWORD]


def settle(data: Path, password: str) -> None:
    """Write down that the administrator has `password`."""
    if passwords(data) != [password]:
        _write_passwords(data, [password])


def _passwords(data: Path) -> Path:
    return data / "administrator.json"


def _write_passwords(data: Path, known: list[str]) -> None:
    write_whole(_passwords(data), json.dumps(known), mode=0o600)


def _check_version(place: Place) -> None:
    kept, ours = place.data / "version", place.program.version
    theirs = kept.read_text().strip() if kept.is_file() else ours
    if number(theirs) > number(ours):
        raise EngineError(
            f"the data folder `{place.data}` was written by Cassandra {theirs}, and "
            f"the server is Cassandra {ours}",
            hint=f"name a Cassandra {theirs} as `program` below `[engines.cassandra]` "
            f"in `site.toml`, or {_WIPE}",
        )
    if not kept.is_file() or theirs != ours:
        write_whole(kept, ours, mode=0o600)


def _settings(place: Place, storage_port: int) -> dict[str, Any]:
    # JSON is YAML, and needs nobody's quoting.
    version = number(place.program.version)
    folders = {
        "data_file_directories": [str(place.data / "data")],
        "commitlog_directory": str(place.data / "commitlog"),
        "saved_caches_directory": str(place.data / "saved_caches"),
    }
    if version >= (3,):
        folders["hints_directory"] = str(place.data / "hints")
        folders["cdc_raw_directory"] = str(place.data / "cdc_raw")
    return {
        "cluster_name": "glassware",
        **folders,
        **_NODE,
        **(_OF_TWO if version < (3,) else _OF_THREE if version < (4,) else {}),
        "native_transport_port": place.port,
        "storage_port": storage_port,
        # Nothing listens here: traffic among nodes is not encrypted, being none.
        "ssl_storage_port": storage_port,
    }


_NODE: dict[str, Any] = {
    "num_tokens": 1,
    "initial_token": "0",
    "partitioner": "org.apache.cassandra.dht.Murmur3Partitioner",
    "endpoint_snitch": "SimpleSnitch",
    "seed_provider": [
        {
            "class_name": "org.apache.cassandra.locator.SimpleSeedProvider",
            "parameters": [{"seeds": LOOPBACK}],
        }
    ],
    "listen_address": LOOPBACK,
    "rpc_address": LOOPBACK,
    "start_native_transport": True,
    "authenticator": "PasswordAuthenticator",
    "authorizer": "CassandraAuthorizer",
    # What is acknowledged is on the disk; the default loses ten seconds.
    "commitlog_sync": "batch",
    "commitlog_segment_size_in_mb": 16,
    # While the disk is full writes are refused; with room again they are not.
    "commit_failure_policy": "ignore",
    "disk_failure_policy": "best_effort",
    "auto_snapshot": False,
    "concurrent_reads": 16,
    "concurrent_writes": 16,
}
_OF_THREE: dict[str, Any] = {
    "start_rpc": False,
    "commitlog_sync_batch_window_in_ms": 2,
}
_OF_TWO: dict[str, Any] = {
    **_OF_THREE,
    "key_cache_size_in_mb": 4,
    "counter_cache_size_in_mb": 2,
    "index_summary_capacity_in_mb": 4,
    "dynamic_snitch": False,
    "hinted_handoff_enabled": "false",
}


def _ports(place: Place) -> list[int]:
    """Return two ports for what cannot be switched off; the same as last time."""
    kept = place.data / "ports.json"
    known: list[int] = []
    with suppress(OSError, ValueError):
        known = [int(port) for port in json.loads(kept.read_text())]
    with ExitStack() as stack:
        # They are held until all of them are chosen, so that none is chosen twice.
        ports = [_take(stack, port, place.port) for port in (*known, 0, 0)[:2]]
    if ports != known:
        write_whole(kept, json.dumps(ports), mode=0o600)
    return ports


def _take(stack: ExitStack, port: int, other: int) -> int:
    for attempt in _attempts(port):
        held = stack.enter_context(socket.socket())
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            held.bind((LOOPBACK, attempt))
            taken = int(held.getsockname()[1])
            if taken != other:
                return taken
    raise EngineError("there is no free port for Cassandra on this machine")


def _attempts(port: int) -> Iterator[int]:
    yield from [port] if port else []
    # Below the range from which connections get theirs.
    for _ in range(100):
        yield 10_000 + int.from_bytes(os.urandom(4)) % 20_000


def _copy_settings(place: Place, jmx_port: int) -> None:
    """Take over what a server on the machine starts with, less its fixed port."""
    source = _conf_of(place.program.path or Path())
    for file in source.iterdir():
        if file.is_file() and file.name not in {"cassandra.yaml", "logback.xml"}:
            text = file.read_text(errors="surrogateescape")
            if file.name == "cassandra-env.sh":
                text = re.sub(r"(?m)^JMX_PORT=.*$", f'JMX_PORT="{jmx_port}"', text)
            target = conf(place) / file.name
            target.write_text(text, errors="surrogateescape")


def _conf_of(program: Path) -> Path:
    said = [os.environ[name] for name in ("CASSANDRA_CONF",) if name in os.environ]
    for folder in (
        *map(Path, said),
        program.parents[1] / "conf",
        Path("/etc/cassandra"),
    ):
        if (folder / "cassandra-env.sh").is_file():
            return folder
    raise EngineError(
        f"there are no settings beside `{program}`",
        hint="set `CASSANDRA_CONF` to the folder that has its `cassandra-env.sh`",
    )
