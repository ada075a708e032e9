"""Cassandra as a service sees it, on the real server."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cassandra.cluster import DefaultConnection, NoHostAvailable, Session

from glassware import clients, engines
from glassware.clients import cassandra as client
from glassware.clients.cassandra import Address
from glassware.engines import Access
from glassware.environment import Binding
from glassware.service.databases import Databases
from glassware.testing.engines import Embedded, embedding, grant
from waiting import until


# Its event loop has a descriptor to the end of the process.
DefaultConnection.initialize_reactor()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """One server for all tests; those that stop it start it again."""
    with embedding(tmp_path_factory.mktemp("cassandra")) as embed:
        yield embed(engines.find("cassandra")).start()


@pytest.fixture
def access(server: Embedded) -> Iterator[Access]:
    """A keyspace of this test's."""
    yield server.provision(grant())
    server.wipe()


@pytest.fixture
def databases(become, access) -> Iterator[Databases]:
    """The databases of this process, closed after the test."""
    become(databases={"main": Binding(engine="cassandra", url=access.url)})
    opened = Databases()
    yield opened
    opened.close()


def test_it_is_a_session_on_its_keyspace(databases, access):
    """What comes back is the driver's own, with its own rows."""
    session = databases.main
    assert type(session) is Session
    assert session.keyspace == access.name
    session.execute("create table t (id int primary key, v text)")
    session.execute("insert into t (id, v) values (%s, %s)", (1, "tea"))
    assert session.execute("select v from t").one().v == "tea"
    assert databases.settings("main")["name"] == access.name


def test_threads_connect_once(databases):
    """The first use by many threads at once makes one session."""
    ready, seen = threading.Barrier(6), []

    def use() -> None:
        ready.wait(10)
        seen.append(databases.main)

    threads = [threading.Thread(target=use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, seen))) == 1
    assert len(seen) == 6


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_connects_for_itself(databases):
    """Parent and child never speak through one connection, and both go on."""
    databases.main.execute("create table t (id int primary key)")
    child = os.fork()
    if child == 0:
        databases.main.execute("insert into t (id) values (1)")
        databases.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert databases.main.execute("select id from t").one().id == 1


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Embedded]:
    """A server that a test may kill."""
    with embedding(tmp_path) as embed:
        yield embed(engines.find("cassandra")).start()


def test_a_first_use_that_failed_is_tried_again(mortal):
    """A service that began without its server works as soon as that is there."""
    access = mortal.provision(grant())
    mortal.kill()
    opened = client.open_client(access.url, name="catalog.main")
    began = time.monotonic()
    for _ in range(2):
        with pytest.raises(NoHostAvailable) as caught:
            opened.get()
        assert client.is_lost(caught.value)
    assert time.monotonic() - began < 20
    mortal.start()
    opened.ping()
    opened.close()


def test_a_silent_port_is_given_up_by_all_at_once():
    """Who waited for somebody else's attempt is told what came of it."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = (
            f"cassandra://u:p@127.0.0.1:{silent.getsockname()[1]}/k?protocol_version=3"
        )
        opened = client.open_client(url, name="catalog.main")
        errors: list[Exception] = []

        def ask() -> None:
            try:
                opened.ping()
            except NoHostAvailable as error:
                errors.append(error)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # Eight attempts, one after the other, would take sixteen.
        assert time.monotonic() - began < 12
        assert len(errors) == 8
        assert all(map(client.is_lost, errors))
        opened.close()


def test_statements_in_flight_are_given_up(server, databases):
    """A server that stands still is an error within seconds, and then works again."""
    databases.main.execute("create table t (id int primary key)")
    server.signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(Exception) as caught:  # noqa: PT011 - the driver's own
            databases.main.execute("select * from t")
        assert client.is_lost(caught.value)
        assert time.monotonic() - began < 20
    finally:
        server.signal(signal.SIGCONT)

    def answers() -> bool:
        try:
            return databases.main.execute("select * from t").one() is None
        except Exception as error:
            if not client.is_lost(error):
                raise
            return False

    until(answers, "an answer", 30)
    # A driver that is closed while it still reconnects closes a little later.
    cluster = databases.main.cluster
    until(cluster.get_control_connection_host, "the control connection", 30)
    until(lambda: all(host.is_up for host in cluster.metadata.all_hosts()), "all", 30)


def test_wrong_statements_are_no_lost_server(databases):
    """A mistake of the service's is not told as a database that is gone."""
    for wrong in ("selec", "select * from nowhere", "select * from system_auth.users"):
        with pytest.raises(Exception) as caught:  # noqa: PT011 - the driver's own
            databases.main.execute(wrong)
        assert not client.is_lost(caught.value)


def test_every_form_of_url():
    """Several nodes, IPv6, a port that nobody says, and percent-encoding."""
    address = Address.parse("cassandra://a%40b:c%2F@one,[::1]:7,two:8/k?datacenter=eu")
    assert address.hosts == (("one", 9042), ("::1", 7), ("two", 8))
    assert (address.user, address.password) == ("a@b", "c/")
    assert address.options == {"datacenter": "eu"}
    assert "c/" not in repr(address)
    found = clients.find("cassandra")
    assert found is not None
    assert found.access("cassandra://h")["port"] == 9042
    assert address.keyspace == "k"
