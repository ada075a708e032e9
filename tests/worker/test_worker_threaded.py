import base64
import os
import struct

import pytest

from waiting import until
from worker.callers import begun, by, ended, variables, within
from worker.worker_process import Connection, Starter, Worker, Zygote


SOCK = """
from flask import Flask, request
from flask_sock import Sock
app = Flask(__name__)
sock = Sock(app)

@sock.route("/echo")
def echo(ws):
    while True:
        data = ws.receive()
        if data == "bye":
            return
        ws.send(f"{request.script_root} {request.remote_addr} {data}")

@app.get("/")
def home():
    return {"root": request.script_root, "address": request.remote_addr,
            "cookies": request.cookies, "url": request.url}

@app.get("/events")
def events():
    return (f"{n} " for n in range(3))

@app.get("/raise")
def fail():
    raise ValueError("seen")

@app.post("/upload")
def upload():
    return str(len(request.get_data()))
"""


@pytest.mark.parametrize("facts", [{}, {"server": "threaded"}])
def test_a_websocket_of_flask_sock_works(start, facts):
    """It is found out, or chosen in the manifest; the mount and visitor are right."""
    worker = start.fork(SOCK, mounts=["/shop"], **facts)
    assert worker.ready()["server"] == "threaded"
    connection, head = _websocket(worker, "/shop/echo")
    assert head.startswith(b"HTTP/1.1 101 ")
    for word in (b"one", b"two"):
        connection.sock.sendall(_frame(word))
        assert _text(connection.sock) == b"/shop 192.0.2.7 " + word
    connection.sock.sendall(_frame(b"bye"))
    assert connection.sock.recv(2)[0] == 0x88
    connection.close()


def test_websockets_take_no_place(start):
    """With two threads, and more sockets open than there are places."""
    worker = start.fork(SOCK, threads=2)
    worker.ready()
    sockets = [_websocket(worker, "/echo")[0] for _ in range(70)]
    for each in sockets:
        each.sock.sendall(_frame(b"here"))
        assert _text(each.sock).endswith(b"here")
    assert worker.ask("/", headers=within(5)).status == 200
    for each in sockets:
        each.close()


def test_a_websocket_needs_a_token_too(start):
    """It is a request like others."""
    worker = start.fork(SOCK, environment=variables())
    worker.ready()
    refused, head = _websocket(worker, "/echo")
    assert head.startswith(b"HTTP/1.1 401 ")
    refused.close()
    token = by("storefront")["X-Glassware-Identity"]
    admitted, head = _websocket(worker, "/echo", f"X-Glassware-Identity: {token}\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    admitted.close()


POLLING = """
import threading
from flask import Flask
app = Flask(__name__)
gate = threading.Event()

@app.get("/")
def home():
    return "home"

@app.get("/go")
def go():
    gate.set()
    return "gone"

class Polls:
    \"\"\"What Engine.IO puts around an application.\"\"\"
    engineio_path = "/socket.io/"

    def __init__(self, wsgi_app):
        self.wsgi_app = wsgi_app

    def __call__(self, environ, start_response):
        if not environ["PATH_INFO"].startswith(self.engineio_path):
            return self.wsgi_app(environ, start_response)
        print("polled")
        gate.wait(20)
        start_response("200 OK", [])
        return [b"polled"]

app.wsgi_app = Polls(app.wsgi_app)
"""


def test_long_polls_of_engine_io_take_no_place(start):
    """They are sockets by another name, below the prefix and without it."""
    worker = start.fork(POLLING, server="threaded", threads=2, mounts=["/chat"])
    worker.ready()
    headers = {"x-forwarded-prefix": "/chat"}
    polls = [
        begun(worker.socket, target, headers)
        for target in ("/chat/socket.io/?EIO=4", "/socket.io/") * 35
    ]
    until(lambda: worker.log().count("polled") == 70)
    assert worker.ask("/", headers=within(5)).status == 200
    assert worker.ask("/go").status == 200
    assert {ended(each)[1] for each in polls} == {b"polled"}


def _websocket(worker: Worker, path: str, more: str = "") -> tuple[Connection, bytes]:
    connection = worker.connection()
    connection.connect()
    key = base64.b64encode(os.urandom(16)).decode()
    connection.sock.sendall(
        f"GET {path} HTTP/1.1\r\nHost: shop.test\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        "Sec-WebSocket-Version: 13\r\nx-forwarded-prefix: /shop\r\n"
        f"x-forwarded-for: 192.0.2.7\r\n{more}\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.sock.recv(1)
    return connection, head


def _frame(text: bytes) -> bytes:
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(text))
    return struct.pack("!BB", 0x81, 0x80 | len(text)) + mask + masked


def _text(sock) -> bytes:
    kind, length = sock.recv(1)[0], sock.recv(1)[0]
    assert kind == 0x81
    text = b""
    while len(text) < length:
        text += sock.recv(length - len(text))
    return text


def test_other_requests_are_as_with_granian(start):
    """Addresses, cookies, streams, uploads and errors do not depend on the server."""
    worker = start.fork(SOCK, mounts=["/shop"])
    worker.ready()
    answer = worker.ask(
        "/shop/",
        headers={
            "Host": "shop.test:8000",
            "x-forwarded-prefix": "/shop",
            "x-forwarded-for": "192.0.2.7",
            "x-forwarded-proto": "https",
            "Cookie": "a=1; b=2",
        },
    )
    assert answer.json == {
        "root": "/shop",
        "address": "192.0.2.7",
        "cookies": {"a": "1", "b": "2"},
        "url": "https://shop.test:8000/shop/",
    }
    assert worker.ask("/").json["address"] == "127.0.0.1"
    assert worker.ask("/events").body == b"0 1 2 "
    assert worker.ask("/upload", "POST", b"x" * 100_000).body == b"100000"
    assert worker.ask("/raise").status == 500
    assert "ValueError: seen" in worker.log()


def test_a_shared_library_makes_nobody_threaded(folder):
    """Where the zygote imported Flask-Sock, only its users get the other server."""
    zygote = Zygote("--preload", "flask_sock")
    starter = Starter(folder, zygote)
    plain = "from flask import Flask\napp = Flask(__name__)"
    assert starter.fork(plain).ready()["server"] == "granian"
    assert starter.fork(SOCK).ready()["server"] == "threaded"
    starter.end()
    zygote.end()


def test_a_service_that_insists_on_granian_gets_it(start):
    """What was found out is overruled by what the manifest says."""
    worker = start.fork(SOCK, server="granian")
    assert worker.ready()["server"] == "granian"
    assert worker.ask("/").status == 200
