"""A RabbitMQ of our own, for Nameko: it and its port mapper end with the stage."""

import shutil
import sys
from pathlib import Path

from .processes import Stage, free_port, listens


def rabbit(stage: Stage) -> str | None:
    """Start a broker; return its URL, or nothing where there is none to start."""
    # The command in PATH changes the user; this is what it calls.
    found = sorted(Path("/usr/lib/rabbitmq").glob("lib/*/sbin/rabbitmq-server"))
    mapper = shutil.which("epmd")
    if not found or mapper is None:
        print(
            "RabbitMQ is not here (Debian: apt-get install rabbitmq-server): "
            "Nameko is not measured",
            file=sys.stderr,
        )
        return None
    folder = stage.folder / "rabbit"
    folder.mkdir()
    (folder / "plugins").write_text("[].")
    port, mapped = free_port(), str(free_port())
    environment = {
        "HOME": str(folder),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": mapped,
        "RABBITMQ_NODENAME": "benchmark@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "logs"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "none"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
    }
    # In the foreground, or Erlang would leave one behind.
    stage.start("epmd", [mapper, "-address", "127.0.0.1", "-port", mapped])
    stage.until("epmd", lambda: listens(int(mapped)))
    stage.start("rabbit", [str(found[-1])], environment=environment)
    stage.until("rabbit", lambda: listens(port))
    return f"amqp://guest:guest@127.0.0.1:{port}"
