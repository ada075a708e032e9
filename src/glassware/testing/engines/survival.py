"""What is left when a server ends: by order, by force, and with its parent."""

import time
from dataclasses import replace
from secrets import token_urlsafe

from .servers import Embedded, Embedder, free_port, grant
from .subject import Promises


class Survival(Promises):
    """What a server keeps."""

    def test_keeps_data_over_a_restart(self, embed: Embedder) -> None:
        """What was stored is there after a stop and a start, with no new provision.

        A new server is ready in time, one with data still sooner.
        """
        server = embed(self.subject.engine)
        begin = time.monotonic()
        server.start()
        assert time.monotonic() - begin < self.subject.starts_within
        url = server.provision(grant()).url
        self.subject.keep(url, "tea")
        assert server.stop() in server.ends
        begin = time.monotonic()
        server.start()
        assert time.monotonic() - begin < self.subject.restarts_within
        assert self.subject.kept(url) == ["tea"]

    def test_keeps_data_when_killed(self, server: Embedded) -> None:
        """What was acknowledged is there after `kill -9` and a start."""
        url = server.provision(grant()).url
        for number in range(10):
            self.subject.keep(url, str(number))
        server.kill()
        server.start()
        assert self.subject.kept(url) == [str(number) for number in range(10)]

    def test_takes_another_port_and_administrator_password(
        self, server: Embedded
    ) -> None:
        """Data outlives the loss of the site's credentials and of its ports."""
        given = grant()
        self.subject.keep(server.provision(given).url, "tea")
        server.stop()
        other = replace(server.place, port=free_port(), password=token_urlsafe(24))
        server.place = other
        server.start()
        # Before anything is provisioned anew, too.
        access = server.engine.access(server.url, given)
        assert self.subject.kept(access.url) == ["tea"]
        parts = self.subject.client.access(access.url)
        assert (parts["host"], parts["port"]) == (access.host, other.port)
        assert self.subject.kept(server.provision(given).url) == ["tea"]

    def test_waits_for_the_server_before(self, server: Embedded) -> None:
        """A start right after a stop has no quarrel with the server that still ends."""
        assert server.process is not None
        before = server.process
        server.ask_to_end()
        server.start()
        assert before.wait(0) in server.ends

    def test_ends_with_the_process_that_started_it(self, embed: Embedder) -> None:
        """When its parent is killed, the server shuts down in good order."""
        server = embed(self.subject.engine)
        script = '"$@" & echo $!; wait'
        server.prefix = ("setpriv", "--pdeathsig", "KILL", "sh", "-c", script, "sh")
        server.start()
        url = server.provision(grant()).url
        self.subject.keep(url, "tea")
        server.kill()
        server.prefix = ()
        server.start()
        assert self.subject.kept(url) == ["tea"]
