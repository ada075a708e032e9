"""A callee that speaks ASGI: it is called over the wire, whoever calls."""

import hashlib
import json


async def app(scope, receive, send):
    """Answer by path."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["path"] == "/echo":
        await echo(scope, receive, send)
    elif scope["path"] == "/parts":
        await parts(scope, receive, send)
    elif scope["path"] == "/large":
        await answer(send, 200, bytes(20 * 1024 * 1024))
    elif scope["path"] == "/boom":
        raise LookupError("boom")
    else:
        await answer(send, 404, b"nothing here")


async def lifespan(receive, send):
    """Start and end."""
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


async def echo(scope, receive, send):
    """Answer with what arrived."""
    digest, size, more = hashlib.sha256(), 0, True
    while more:
        message = await receive()
        digest.update(message.get("body", b""))
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    said = {
        "method": scope["method"],
        "query": scope["query_string"].decode(),
        "caller": scope.get("glassware.caller"),
        "size": size,
        "sha": digest.hexdigest()[:16],
    }
    await answer(send, 200, json.dumps(said).encode())


async def parts(scope, receive, send):
    """Answer in parts."""
    start = {"type": "http.response.start", "status": 200, "headers": []}
    await send(start)
    for number in range(3):
        body = f"part {number} ".encode()
        await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body"})


async def answer(send, status, body):
    """Answer at once."""
    headers = [(b"content-length", str(len(body)).encode())]
    start = {"type": "http.response.start", "status": status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": body})
