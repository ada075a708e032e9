"""What is left when a server ends: by order, by force, and with its parent."""

from dataclasses import replace
from secrets import token_urlsafe

from .servers import Embedded, Embedder, grant
from .subject import Promises


class Survival(Promises):
    """What a server keeps."""

    def test_keeps_data_over_a_restart(self, server: Embedded) -> None:
        """What was stored is there after a stop and a start, with no new provision."""
        url = server.provision(grant()).url
        self.subject.keep(url, "tea")
        assert server.stop() in server.ends
        server.start()
        assert self.subject.kept(url) == ["tea"]

    def test_keeps_data_when_killed(self, server: Embedded) -> None:
        """What was acknowledged is there after `kill -9` and a start."""
        url = server.provision(grant()).url
        for number in range(50):
            self.subject.keep(url, str(number))
        server.kill()
        server.start()
        assert self.subject.kept(url) == [str(number) for number in range(50)]

    def test_takes_another_administrator_password(self, server: Embedded) -> None:
        """Data outlives the loss of the site's credentials."""
        given = grant()
        self.subject.keep(server.provision(given).url, "tea")
        server.stop()
        server.place = replace(server.place, password=token_urlsafe(24))
        server.start()
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
