"""A MongoDB database goes back to what it was: what changed, and nothing else.

The state is kept in a second database of the same server. A hash of each
collection, which the server makes, tells which ones changed; of those the
documents are compared here, byte for byte, and the differences undone.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import OperationFailure
from pymongo.write_concern import WriteConcern

from glassware.engines import Grant
from glassware.errors import EngineError

from .server import Client


Document = dict[str, Any]

_ENDING = "__mark"
_STATE = "glassware.mark"
_SOME = 10_000
_RAW = CodecOptions(document_class=RawBSONDocument)
# A rewind that was cut short is done again: only its end has to be for good.
_QUICKLY = WriteConcern(w=1, j=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """One collection or view of a database.

    Attributes:
        name: Of it.
        kind: `collection`, `timeseries` or `view`.
        options: What it was made with.
        indexes: Of a collection.
        digest: Of the documents; `None`: the server cannot tell.
    """

    name: str
    kind: str
    options: Document = field(default_factory=dict)
    indexes: tuple[Document, ...] = ()
    digest: str | None = None

    @property
    def is_rigid(self) -> bool:
        """Whether single documents cannot be taken out of it."""
        return self.kind == "timeseries" or bool(self.options.get("capped"))

    def has_shape_of(self, other: "_State | None") -> bool:
        """Tell whether it was made as another one was."""
        return other is not None and (
            (self.kind, bson.encode(self.options))
            == (other.kind, bson.encode(other.options))
        )

    def has_data_of(self, other: "_State") -> bool:
        """Tell whether its documents are known to be those of another."""
        return self.digest is not None and self.digest == other.digest


def mark(client: Client, grant: Grant) -> None:
    """Keep what is in a database now."""
    theirs, kept = client[grant.database], client[grant.database + _ENDING]
    forget(client, grant)
    states = list(_states(theirs))
    for state in states:
        if state.kind != "view":
            _insert(kept[state.name], theirs.get_collection(state.name, _RAW).find())
    described = [
        {name: getattr(state, name) for name in _State.__slots__} for state in states
    ]
    # Last: without it there is no mark.
    kept[_STATE].insert_one({"_id": "state", "collections": described})


def rewind(client: Client, grant: Grant) -> None:
    """Bring a database back to its mark.

    Raises:
        EngineError: It has none.
    """
    kept = client[grant.database + _ENDING]
    theirs = client.get_database(grant.database, write_concern=_QUICKLY)
    marked = kept[_STATE].find_one()
    if marked is None:
        raise EngineError(f"nothing of the database `{grant.database}` was marked")
    now = {state.name: state for state in _states(theirs)}
    wanted = [_State(**described) for described in marked["collections"]]
    # A view needs its collections, which were there before it.
    wanted.sort(key=lambda state: state.kind == "view")
    stale = now.keys() - {state.name for state in wanted}
    for name in sorted(stale):
        theirs.drop_collection(name)
    restored = [_restore(state, now.get(state.name), theirs, kept) for state in wanted]
    if stale or any(restored):
        _settle(client)


def forget(client: Client, grant: Grant) -> None:
    """Remove what is kept of a database."""
    client.drop_database(grant.database + _ENDING)


def _states(database: Database[Document]) -> Iterator[_State]:
    digests = _digests(database)
    for found in database.list_collections():
        name, kind = found["name"], found.get("type", "collection")
        if name.startswith("system."):
            continue
        indexes = () if kind == "view" else tuple(database[name].list_indexes())
        # The documents of a time series are in another collection.
        digest = digests.get(f"system.buckets.{name}", digests.get(name))
        yield _State(
            name=name,
            kind=kind,
            options=dict(found.get("options", {})),
            indexes=tuple(dict(index) for index in indexes),
            digest=digest,
        )


def _digests(database: Database[Document]) -> Mapping[str, str]:
    try:
        return database.command("dbHash")["collections"]  # type: ignore[no-any-return]
    except OperationFailure:
        # A router of a sharded cluster has none.
        return {}


def _restore(
    wanted: _State,
    now: _State | None,
    theirs: Database[Document],
    kept: Database[Document],
) -> bool:
    """Bring a collection back; return whether there was anything to do."""
    same = wanted.has_shape_of(now)
    if wanted.kind == "view" and same:
        return False
    if now is not None and same and (wanted.has_data_of(now) or not wanted.is_rigid):
        # Indexes first: what is put back obeys those that were there.
        mended = _mend_indexes(wanted, now, theirs)
        if wanted.has_data_of(now):
            return mended
        _mend_data(theirs.get_collection(wanted.name, _RAW), kept[wanted.name])
        return True
    if now is not None:
        theirs.drop_collection(wanted.name)
    theirs.command("create", wanted.name, **wanted.options)
    if wanted.kind != "view":
        _mend_indexes(wanted, None, theirs)
        documents = kept.get_collection(wanted.name, _RAW).find()
        _insert(theirs[wanted.name], documents)
    return True


def _mend_indexes(
    wanted: _State, now: _State | None, theirs: Database[Document]
) -> bool:
    own = {bson.encode(index): index for index in wanted.indexes}
    there = {bson.encode(index): index for index in (now.indexes if now else ())}
    for text in there.keys() - own.keys():
        theirs[wanted.name].drop_index(there[text]["name"])
    lost = [own[text] for text in own if text not in there]
    if now is None:
        lost = [index for index in lost if index["name"] != "_id_"]
    if lost:
        theirs.command("createIndexes", wanted.name, indexes=lost)
    return there.keys() != own.keys()


def _mend_data(theirs: Collection[Any], kept: Collection[Document]) -> None:
    now = {document.raw: document for document in theirs.find(batch_size=_SOME)}
    copy = kept.with_options(_RAW)
    wanted = {document.raw: document for document in copy.find(batch_size=_SOME)}
    extra = [now[raw]["_id"] for raw in now.keys() - wanted.keys()]
    for start in range(0, len(extra), _SOME):
        theirs.delete_many({"_id": {"$in": extra[start : start + _SOME]}})
    _insert(theirs, (wanted[raw] for raw in wanted if raw not in now))


def _insert(collection: Collection[Any], documents: Iterable[Any]) -> None:
    some: list[Any] = []
    for document in documents:
        some.append(document)
        if len(some) == _SOME:
            collection.insert_many(some, bypass_document_validation=True)
            some = []
    if some:
        collection.insert_many(some, bypass_document_validation=True)


def _settle(client: Client) -> None:
    """Wait until who reads only what is for good reads what there is now."""
    # A server without a replica set has nothing to wait for.
    with suppress(OperationFailure):
        client.admin.command(
            "appendOplogNote",
            data={"glassware": "rewind"},
            writeConcern={"w": "majority"},
        )
