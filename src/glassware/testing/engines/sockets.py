"""What an engine promises whose server has a unix socket."""

import os
import stat

import pytest

from glassware.errors import EngineError

from .servers import Embedded, Embedder, grant
from .subject import Promises


class SocketConformance(Promises):
    """Services of this machine reach the server through its socket."""

    def test_native_url_leads_through_the_socket(self, shared: Embedded) -> None:
        """The socket is in the runtime folder, and nobody else may open it."""
        access = shared.provision(grant())
        assert access.socket.startswith(str(shared.place.runtime))
        sockets = [p for p in shared.place.runtime.iterdir() if p.is_socket()]
        assert [stat.S_IMODE(p.stat().st_mode) for p in sockets] == [0o700]

    def test_a_long_socket_path_is_told(self, embed: Embedder) -> None:
        """A runtime folder that is too deep is refused before anything starts."""
        deep = embed(self.subject.engine, runtime=embed.runtime / ("d" * 100))
        for question in (self.subject.engine.prepare, self.subject.engine.launch):
            with pytest.raises(EngineError, match="most") as caught:
                question(deep.place)
            assert caught.value.hint

    def test_stale_sockets_are_harmless(self, server: Embedded) -> None:
        """The socket of a killed server does not keep the next one from its place."""
        server.kill()
        sockets = [p for p in server.place.runtime.iterdir() if p.is_socket()]
        assert sockets
        server.start()
        assert os.access(sockets[0], os.W_OK)
