"""What every engine promises."""

import os
import secrets
import stat
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from engines.embedded import Embedded, Embedder, free_port, grant, until
from engines.keeping import REFUSALS, connected, keep, kept
from glassware.engines import Engine, programs
from glassware.errors import EngineError


def test_is_ready_soon(embed: Embedder, engine: Engine) -> None:
    """A new server is ready within 8 s, one with data within 3 s."""
    server = embed(engine)
    for limit in (8, 3):
        begin = time.monotonic()
        server.start()
        assert time.monotonic() - begin < limit
        server.stop()


def test_is_not_ready_before_it_runs(embed: Embedder, engine: Engine) -> None:
    """Asking a server that does not run is no error, and takes no time."""
    begin = time.monotonic()
    assert engine.ready(embed(engine).url) is False
    assert time.monotonic() - begin < 1


def test_says_its_version(engine: Engine) -> None:
    """The version is the server's own, in numbers."""
    assert all(part.isdigit() for part in engine.embedded().version.split("."))


@pytest.mark.parametrize("way", ["url", "native_url"])
def test_gives_a_database(shared: Embedded, way: str) -> None:
    """What a grant gives can be written and read, over TCP and the socket."""
    url = asdict(shared.provision(grant()))[way]
    keep(url, "tea")
    assert kept(url) == ["tea"]


def test_native_url_leads_through_the_socket(shared: Embedded) -> None:
    """The socket is in the runtime folder, and nobody else may open it."""
    access = shared.provision(grant())
    assert access.socket.startswith(str(shared.place.runtime))
    sockets = [p for p in shared.place.runtime.iterdir() if p.is_socket()]
    assert [stat.S_IMODE(p.stat().st_mode) for p in sockets] == [0o700]


def test_provisioning_again_changes_nothing(shared: Embedded) -> None:
    """A second start of the site finds database, role and data as they were."""
    given = grant()
    first = shared.provision(given)
    keep(first.url, "tea")
    assert shared.provision(given) == first
    assert kept(first.url) == ["tea"]


def test_provisioning_sets_another_password(shared: Embedded) -> None:
    """A new password replaces the old one, and the data stays."""
    given = grant()
    old = shared.provision(given)
    keep(old.url, "tea")
    new = shared.provision(replace(given, password=secrets.token_urlsafe(24)))
    assert kept(new.url) == ["tea"]
    with pytest.raises(REFUSALS):
        kept(old.url)


@pytest.mark.parametrize("way", ["url", "native_url"])
@pytest.mark.parametrize("password", ["wrong", ""])
def test_refuses_a_wrong_password(shared: Embedded, way: str, password: str) -> None:
    """Nobody gets in without the password, over TCP or the socket."""
    given = grant()
    shared.provision(given)
    guess = shared.engine.access(shared.url, replace(given, password=password))
    with pytest.raises(REFUSALS):
        kept(asdict(guess)[way])


def test_keeps_data_over_a_restart(server: Embedded) -> None:
    """What was stored is there after a stop and a start, with no new provision."""
    url = server.provision(grant()).url
    keep(url, "tea")
    assert server.stop() == 0
    server.start()
    assert kept(url) == ["tea"]


def test_keeps_data_when_killed(server: Embedded) -> None:
    """What was acknowledged is there after `kill -9` and a start."""
    url = server.provision(grant()).url
    for number in range(50):
        keep(url, str(number))
    server.kill()
    server.start()
    assert kept(url) == [str(number) for number in range(50)]


def test_comes_back_on_another_port(server: Embedded) -> None:
    """The port is a matter of each start, not of the data."""
    given = grant()
    keep(server.provision(given).url, "tea")
    server.stop()
    server.place = replace(server.place, port=free_port())
    server.start()
    assert kept(server.engine.access(server.url, given).url) == ["tea"]


def test_takes_another_administrator_password(server: Embedded) -> None:
    """Data outlives the loss of the site's credentials."""
    given = grant()
    keep(server.provision(given).url, "tea")
    server.stop()
    server.place = replace(server.place, password=secrets.token_urlsafe(24))
    server.start()
    assert kept(server.provision(given).url) == ["tea"]


def test_refusal_of_the_administrator_is_an_error(shared: Embedded) -> None:
    """A wrong administrator's password is told, not waited for, and not shown."""
    wrong = replace(shared.place, password="not-the-password")
    with pytest.raises(EngineError) as caught:
        shared.engine.ready(shared.engine.admin_url(wrong))
    assert "not-the-password" not in str(caught.value)
    assert caught.value.hint


def test_wipe_removes_database_and_role(shared: Embedded) -> None:
    """After a wipe nobody gets in; a new grant of that name begins empty."""
    given = grant()
    access = shared.provision(given)
    keep(access.url, "tea")
    shared.engine.wipe(shared.url, given)
    with pytest.raises(REFUSALS):
        kept(access.url)
    assert kept(shared.provision(given).url) == []


def test_wipe_of_nothing_is_no_error(shared: Embedded) -> None:
    """A wipe that was cut short can be done again."""
    shared.engine.wipe(shared.url, grant())
    shared.engine.wipe(shared.url, grant())


def test_wipe_does_not_wait_for_connections(shared: Embedded) -> None:
    """A connection that is still open does not hold a wipe up."""
    given = grant()
    access = shared.provision(given)
    keep(access.url, "tea")
    with connected(access.url):
        shared.engine.wipe(shared.url, given)


def test_no_secret_is_in_view(shared: Embedded) -> None:
    """Neither the process list nor the log nor a `repr` shows a password."""
    given = grant()
    access = shared.provision(given)
    keep(access.url, "tea")
    assert shared.process is not None
    listed = Path(f"/proc/{shared.process.pid}/cmdline").read_bytes().decode()
    environment = Path(f"/proc/{shared.process.pid}/environ").read_bytes().decode()
    shown = "".join([listed, environment, shared.said(), repr(access), repr(given)])
    for secret in (shared.place.password, given.password):
        assert secret not in shown
        assert secret not in repr(shared.engine.launch(shared.place))


def test_files_are_for_nobody_else(shared: Embedded) -> None:
    """Nothing in the data folder can be read by another user."""
    keep(shared.provision(grant()).url, "tea")
    top = shared.place.data.stat()
    assert stat.S_IMODE(top.st_mode) == 0o700


def test_listens_on_loopback_only(shared: Embedded) -> None:
    """No other machine can reach the server."""
    port = f":{shared.place.port:04X}"
    lines = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    listening = [
        line[1] for line in lines if line[3] == "0A" and line[1].endswith(port)
    ]
    assert listening == [f"0100007F{port}"]


def test_a_taken_port_is_told(embed: Embedder, engine: Engine) -> None:
    """A port that somebody took before the start ends it, with a way out."""
    first = embed(engine).start()
    second = embed(engine, port=first.place.port, runtime=embed.data)
    process = second.spawn()
    until(lambda: process.poll() is not None, second.said)
    error = engine.explain(second.said())
    assert "Address already in use" in error.message
    assert "next free" in (error.hint or "")


def test_one_server_for_each_folder(
    shared: Embedded, embed: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second server never opens the data of one that runs, and says whose it is."""
    monkeypatch.setattr(programs, "PATIENCE", 0.1)
    assert shared.process is not None
    second = embed(shared.engine, data=shared.place.data)
    with pytest.raises(EngineError, match="still uses") as caught:
        shared.engine.prepare(second.place)
    assert str(shared.process.pid) in (caught.value.hint or "")
    process = second.spawn_only()
    assert process.wait(10) != 0
    assert shared.engine.ready(shared.url)


def test_waits_for_the_server_before(server: Embedded) -> None:
    """A start right after a stop has no quarrel with the server that still ends."""
    assert server.process is not None
    before = server.process
    before.send_signal(server.engine.launch(server.place).stop)
    server.start()
    assert before.wait(0) == 0


def test_ends_with_the_process_that_started_it(embed: Embedder, engine: Engine) -> None:
    """When its parent is killed, the server shuts down in good order."""
    server = embed(engine)
    script = '"$@" & echo $!; wait'
    server.prefix = ("setpriv", "--pdeathsig", "KILL", "sh", "-c", script, "sh")
    server.start()
    url = server.provision(grant()).url
    keep(url, "tea")
    server.kill()
    server.prefix = ()
    server.start()
    assert kept(url) == ["tea"]


def test_a_long_socket_path_is_told(embed: Embedder, engine: Engine) -> None:
    """A runtime folder that is too deep is refused before anything starts."""
    deep = embed(engine, runtime=embed.runtime / ("d" * 100))
    for question in (engine.prepare, engine.launch):
        with pytest.raises(EngineError, match="most") as caught:
            question(deep.place)
        assert caught.value.hint


def test_a_deep_odd_data_path_works(embed: Embedder, engine: Engine) -> None:
    """A checkout may be deep, and its path may hold spaces, quotes and umlauts."""
    data = embed.data.joinpath(*["größe 'a\" b" * 5] * 6)
    server = embed(engine, data=data).start()
    url = server.provision(grant()).url
    keep(url, "tea")
    assert kept(url) == ["tea"]


def test_an_unwritable_data_folder_is_told(embed: Embedder, engine: Engine) -> None:
    """A data folder that cannot be made is an error of the engine, with its path."""
    file = embed.data / "file"
    file.touch()
    with pytest.raises(EngineError, match=str(file)):
        engine.prepare(embed(engine, data=file / "data").place)


def test_stale_sockets_are_harmless(server: Embedded) -> None:
    """The socket of a killed server does not keep the next one from its place."""
    server.kill()
    sockets = [p for p in server.place.runtime.iterdir() if p.is_socket()]
    assert sockets
    server.start()
    assert os.access(sockets[0], os.W_OK)


def test_offers_variables(shared: Embedded) -> None:
    """The ordinary variables lead to the database."""
    access = shared.provision(grant())
    offered = access.offer(shared.engine.variables)
    assert access.url in offered.values()
    assert access.password in offered.values()
    assert not any("{" in value for value in offered.values())
