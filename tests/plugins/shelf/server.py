"""The server: `python server.py PORT FOLDER`; a request and an answer are JSON lines."""

import hashlib
import json
import os
import signal
import socketserver
import sys
import threading
from pathlib import Path


class Store:
    """Lines in a file; who may read and write them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines = folder / "lines"
        self.marked = folder / "marked"
        self.lock = threading.Lock()

    def do(self, request: dict[str, str]) -> object:
        """Do what somebody asks for, or raise."""
        self.check(request["user"], request["password"])
        admin = request["user"] == "admin"
        value, what = request.get("value", ""), request["do"]
        with self.lock:
            match what:
                case "ping":
                    done: object = "pong"
                case "append":
                    done = self.write([*self.read(), value])
                case "all":
                    done = self.read()
                case _ if admin:
                    done = self.administer(what, value)
                case _:
                    raise LookupError(f"nobody does {what} here")
        return done

    def administer(self, what: str, value: str) -> None:
        """Do what only the administrator may."""
        match what:
            case "admit":
                self.put("service", value)
            case "wipe":
                for name in ("service", "lines", "marked"):
                    (self.folder / name).unlink(missing_ok=True)
            case "mark":
                self.put("marked", json.dumps(self.read()))
            case "rewind" if self.marked.exists():
                self.write(json.loads(self.marked.read_text()))
            case _:
                raise LookupError(f"{what}: there is nothing of that kind")

    def check(self, user: str, password: str) -> None:
        """Let in who has the password."""
        file = self.folder / user
        digest = hashlib.sha256(password.encode()).hexdigest()
        if user not in {"admin", "service"} or not file.exists():
            raise PermissionError("nobody is let in")
        if file.read_text() != digest:
            raise PermissionError("wrong password")

    def read(self) -> list[str]:
        """Return the lines."""
        return json.loads(self.lines.read_text()) if self.lines.exists() else []

    def write(self, lines: list[str]) -> None:
        """Replace the lines."""
        self.put("lines", json.dumps(lines))

    def put(self, name: str, text: str) -> None:
        """Replace a file, for good."""
        new = self.folder / f"{name}.new"
        with new.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.folder / name)


class Handler(socketserver.StreamRequestHandler):
    """Answers one connection."""

    def handle(self) -> None:
        """Answer its requests."""
        for line in self.rfile:
            try:
                answer = {"done": STORE.do(json.loads(line))}
            except (LookupError, PermissionError) as error:
                answer = {"refused": type(error).__name__, "why": str(error)}
            self.wfile.write(json.dumps(answer).encode() + b"\n")


class Server(socketserver.ThreadingTCPServer):
    """Listens on the loopback."""

    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    STORE = Store(Path(sys.argv[2]))
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
