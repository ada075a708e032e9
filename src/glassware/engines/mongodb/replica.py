"""The replica set of one that a server of the site's own is, and its administrator.

Transactions and change streams need a replica set. Its one member is called by
its port, which is another one at some starts. What is done here is done by the
server's own user, whose password is the key of the replica set: so nobody else
ever has a way in, not even while there is no administrator.
"""

from dataclasses import replace
from typing import Any

from pymongo.errors import OperationFailure, PyMongoError

from glassware.errors import EngineError

from .files import key_of
from .programs import REPLICA_SET
from .server import REFUSED, Client, Server, is_away


def is_ready(server: Server) -> bool:
    """Tell whether the server takes its administrator's writes; bring it there.

    Raises:
        EngineError: It refuses this administrator for good.
    """
    try:
        # Who nobody is may ask this.
        with replace(server, user="", options=_DIRECT).connect() as anybody:
            state = anybody.admin.command("hello")
        if not state.get("isWritablePrimary"):
            if state.get("isreplicaset"):
                _form(server)
            return False
        return _lets_in(server) or _make_administrator(server)
    except PyMongoError as error:
        if is_away(error):
            return False
        raise server.refusal(error) from None


_DIRECT = {"directConnection": "true"}


def _lets_in(server: Server) -> bool:
    try:
        with server.connect() as client:
            client.admin.command("ping")
    except OperationFailure as error:
        if error.code == REFUSED:
            return False
        raise
    return True


def _form(server: Server) -> None:
    """Make the replica set, or tell it how its member is called now."""
    with _itself(server).connect() as client:
        try:
            config = client.admin.command("replSetGetConfig")["config"]
        except OperationFailure as error:
            if error.code == REFUSED:
                raise
            _initiate(server, client)
            return
        config["members"] = [{**config["members"][0], "host": server.member}]
        config["version"] += 1
        _try(client, "replSetReconfig", config, force=True)


def _initiate(server: Server, client: Client) -> None:
    config = {"_id": REPLICA_SET, "members": [{"_id": 0, "host": server.member}]}
    _try(client, "replSetInitiate", config)


def _try(client: Client, *command: Any, **options: Any) -> None:
    try:
        client.admin.command(*command, **options)
    except OperationFailure:
        # It still reads what it knows of its set: whoever asks, asks again.
        return


def _make_administrator(server: Server) -> bool:
    """Make the administrator, or give it the password that it has now."""
    fields: dict[str, Any] = {"pwd": server.password, "roles": ["root"]}
    try:
        with _itself(server).connect() as client:
            known = client.admin.command("usersInfo", server.user)["users"]
            what = "updateUser" if known else "createUser"
            client.admin.command(what, server.user, **fields)
    except OperationFailure as error:
        if error.code != REFUSED:
            raise
        raise EngineError(
            f"the MongoDB server at {server.where} refuses the administrator "
            f"`{server.user}`",
            hint="another server has that port, or its password was changed while it "
            "ran; start the site again",
        ) from None
    return True


def _itself(server: Server) -> Server:
    return replace(
        server,
        user="__system",
        password=key_of(server.password),
        options={**_DIRECT, "authSource": "local", "authMechanism": "SCRAM-SHA-256"},
    )
