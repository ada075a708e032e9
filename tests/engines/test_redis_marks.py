"""Redis goes back to a mark: every kind of value, its time to live, its functions."""

import redis

from engines.embedded import Embedder, grant
from engines.existing import existing
from engines.keeping import connected
from glassware import engines


engine = engines.find("redis")
LIBRARY = (
    "#!lua name=tea\nserver.register_function('brew', function() return 'tea' end)"
)


def fill(client: redis.Redis) -> None:
    """Store something of every kind."""
    client.set("text", b"\xff\x00 odd \r\n")
    client.set("passing", "soon gone", ex=1000)
    client.rpush("list", *range(300))
    client.hset("hash", mapping={"a": "1", "b": "2"})
    client.sadd("set", "a", "b")
    client.zadd("sorted", {"a": 1.5, "b": 2})
    client.xadd("stream", {"field": "value"}, id="1-1")
    client.xgroup_create("stream", "readers", id="0")
    client.xreadgroup("readers", "one", {"stream": ">"})
    client.pfadd("many", "a", "b")


def state(client: redis.Redis) -> object:
    """Return everything that is there, as the server itself writes it down."""
    dumps = {key: client.dump(key) for key in client.keys("*")}
    return dumps, client.xpending("stream", "readers")


def plain(url: str) -> redis.Redis:
    """Connect without an opinion on what bytes mean."""
    return redis.Redis.from_url(url)


def test_everything_is_undone(embed: Embedder) -> None:
    """Values, what expires, consumer groups and functions are as they were."""
    server = embed(engine).start()
    given = grant()
    url = server.provision(given).url
    with plain(url) as client:
        fill(client)
        client.function_load(LIBRARY)
        client.select(3)
        client.set("in number", "three")
        client.select(0)
        before = state(client)
        engine.mark(server.url, given)
        for _ in range(2):
            client.flushall()
            client.function_flush()
            client.set("text", "other")
            client.set("new", "value")
            engine.rewind(server.url, given)
            assert state(client) == before
            assert 900_000 < client.pttl("passing") <= 1_000_000
            assert client.pttl("text") == -1
            assert client.fcall("brew", 0) == b"tea"
            client.select(3)
            assert client.get("in number") == b"three"
            client.select(0)


def test_a_number_of_a_shared_server_goes_back(embed: Embedder) -> None:
    """On a server that others use too, only the service's own number is touched."""
    with existing("redis", embed) as server:
        mine, theirs = grant("shop_catalog_main"), grant("shop_cart_main")
        url, their_url = server.provision(mine).url, server.provision(theirs).url
        with plain(url) as client, connected(their_url) as other:
            fill(client)
            before = state(client)
            server.engine.mark(server.url, mine)
            client.flushdb()
            other.set("theirs", "stays")
            server.engine.rewind(server.url, mine)
            assert state(client) == before
            assert other.get("theirs") == "stays"


def test_connections_stay(embed: Embedder) -> None:
    """Clients of services notice nothing, whatever they wait for."""
    server = embed(engine).start()
    given = grant()
    with plain(server.provision(given).url) as client, client.pubsub() as listener:
        listener.subscribe("channel")
        assert listener.get_message(timeout=5)["type"] == "subscribe"
        engine.mark(server.url, given)
        number = client.client_id()
        engine.rewind(server.url, given)
        assert client.client_id() == number
        client.publish("channel", "still here")
        assert listener.get_message(timeout=5)["data"] == b"still here"
