"""What an engine promises whose databases are behind a process."""

import signal
import sys
import time
from pathlib import Path

import pytest

from glassware.clients import Opened
from glassware.engines import programs
from glassware.errors import EngineError

from .any import Conformance
from .servers import Embedded, Embedder, grant, until
from .survival import Survival


SILENT_FOR = 15.0
"""Seconds in which a client gives a silent server up; far more than it needs."""


class ServerConformance(Survival, Conformance):
    """What an engine promises that starts a server: `launch` returns something."""

    def test_is_not_ready_before_it_runs(self, embed: Embedder) -> None:
        """Asking a server that does not run is no error, and takes no time."""
        begin = time.monotonic()
        assert self.subject.engine.ready(embed(self.subject.engine).url) is False
        assert time.monotonic() - begin < 1

    @pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel of Linux")
    def test_no_secret_is_in_view(self, shared: Embedded) -> None:
        """Neither the process list nor the log nor a `repr` shows a password."""
        given = grant()
        access = shared.provision(given)
        self.subject.keep(access.url, "tea")
        assert shared.process is not None
        process = Path(f"/proc/{shared.process.pid}")
        listed = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        shown = "".join([listed.decode(), shared.said(), repr(access), repr(given)])
        for secret in (shared.place.password, given.password):
            assert secret not in shown
            assert secret not in repr(shared.engine.launch(shared.place))

    @pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel of Linux")
    def test_listens_on_loopback_only(self, shared: Embedded) -> None:
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

    def test_a_taken_port_is_told(self, shared: Embedded, embed: Embedder) -> None:
        """A port that somebody took before the start ends it, with a way out."""
        taken = shared.place.port
        second = embed(self.subject.engine, port=taken, runtime=embed.data)
        process = second.spawn()
        until(lambda: process.poll() is not None, second.said)
        error = self.subject.engine.explain(second.said())
        assert "Address already in use" in error.message
        assert "next free" in (error.hint or "")

    def test_one_server_for_each_folder(
        self, shared: Embedded, embed: Embedder, monkeypatch: pytest.MonkeyPatch
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

    def test_a_client_finds_its_way_back(self, server: Embedded) -> None:
        """A client says that its server is gone, and works again when it is back."""
        access = server.provision(grant())
        with self.opened(access) as client:
            client.ping()
            server.kill()
            # What a server has forked may outlive it for a moment.
            until(lambda: self.is_lost(client), server.said)
            server.start()
            until(lambda: not self.is_lost(client), server.said)
        assert self.subject.kept(access.url) == []

    def test_a_client_gives_a_silent_server_up(self, shared: Embedded) -> None:
        """A server that takes connections and never answers is an error within seconds."""
        with self.opened(shared.provision(grant())) as client:
            client.ping()
            shared.signal(signal.SIGSTOP)
            try:
                begin = time.monotonic()
                assert self.is_lost(client)
                assert time.monotonic() - begin < SILENT_FOR
            finally:
                shared.signal(signal.SIGCONT)
            until(lambda: not self.is_lost(client), shared.said)

    def is_lost(self, client: Opened) -> bool:
        """Ask for a sign of life; tell whether the server is not there."""
        try:
            client.ping()
        except Exception as error:
            if not self.subject.client.is_lost(error):
                raise
            return True
        return False
