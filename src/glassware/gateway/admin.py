"""Questions to Envoy's admin interface, which only a 0600 socket serves."""

import http.client
import json
import socket
from pathlib import Path
from typing import Any

from glassware.errors import GatewayError


class _Connection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class Admin:
    """The admin interface of one Envoy.

    Args:
        path: Its socket.
        seconds: Until a question is given up.
    """

    def __init__(self, path: Path, *, seconds: float = 2.0) -> None:
        self._path = path
        self._seconds = seconds

    def ask(self, target: str, *, method: str = "GET") -> tuple[int, str]:
        """Return the status and text of one answer.

        Raises:
            GatewayError: Nobody answers there.
        """
        connection = _Connection(self._path, self._seconds)
        try:
            connection.request(method, target)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            raise GatewayError(
                f"the gateway does not answer at `{self._path}`: {error!r}",
                hint="its log says why",
            ) from error
        finally:
            connection.close()

    def statistics(self, pattern: str) -> dict[str, str]:
        """Return the statistics whose names match `pattern`, with their values."""
        _, text = self.ask(f"/stats?filter={pattern}")
        pairs = (line.partition(": ") for line in text.splitlines())
        return {name: value.strip('"') for name, _, value in pairs}

    def listener_faults(self) -> list[str]:
        """Return what Envoy says of listeners that it would not take."""
        _, text = self.ask("/config_dump?resource=dynamic_listeners")
        configs: list[dict[str, Any]] = json.loads(text).get("configs", [])
        return [
            f"{config.get('name', '?')}: {state.get('details', '')}"
            for config in configs
            if (state := config.get("error_state"))
        ]
