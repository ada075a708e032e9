"""The data folder of a MongoDB: checked, never repaired; and what its log says."""

import hashlib
import json
import os
from pathlib import Path

from glassware.engines import Place
from glassware.engines.folders import data_folder
from glassware.engines.programs import RESTORE, failure
from glassware.errors import EngineError
from glassware.files import write_whole

from .programs import lacks_avx, too_old_a_processor


_VERSION = (
    "start it with the MongoDB that wrote it, with `program` in `[engines.mongodb]` of "
    "`site.toml`; a newer one reads it after `setFeatureCompatibilityVersion`, one "
    "version at a time"
)
_HINTS = {
    "featureCompatibilityVersion": _VERSION,
    # Said of files of a newer version, along with "Permission denied".
    "is an unsupported WiredTiger": _VERSION,
    "Failed to start up WiredTiger under any compatibility version": RESTORE,
    "WiredTiger metadata corruption": RESTORE,
    "WT_TRY_SALVAGE": RESTORE,
    "WT_PANIC": RESTORE,
    "WiredTiger.turtle": RESTORE,
    "Permission denied": "the data belongs to another user: run `glassware` as that one",
    "error while loading shared libraries": "fetch it again: remove its folder in the "
    "cache and run `glassware install`",
}

_TURTLE = "WiredTiger.turtle"
_HEART = (_TURTLE, "WiredTiger.wt", "_mdb_catalog.wt", "storage.bson")
_LOUD = {"E", "F"}


def folder(place: Place) -> Path:
    """Return where the server of `place` keeps its files."""
    return place.data / "database"


def key_file(place: Place) -> Path:
    """Return the file with the key of the replica set."""
    return place.data / "key"


def key_of(password: str) -> str:
    """Return the key of the replica set, which is made of the administrator's password.

    Who has it is the server's own user `__system`.
    """
    return hashlib.sha256(password.encode()).hexdigest()


def prepare(place: Place) -> None:
    """Make the data folder, or check the one that is there; write the key.

    Raises:
        EngineError: It cannot be used: it is damaged, another user's, or in use.
    """
    data = folder(place)
    with data_folder(place):
        data.mkdir(mode=0o700, exist_ok=True)
        _check(data)
        # Its own permissions are checked by the server, which reads it at its start.
        write_whole(key_file(place), key_of(place.password), mode=0o600)


def _check(data: Path) -> None:
    owner = data.stat().st_uid
    if owner != os.geteuid() and os.geteuid() != 0:
        raise EngineError(
            f"the data folder `{data}` belongs to the user with the id {owner}",
            hint="run `glassware` as that user, or begin anew with "
            "`sudo rm -r` on that folder",
        )
    # Without them the server would begin anew, beside the data.
    missing = [name for name in _HEART if not (data / name).is_file()]
    if missing and next(data.glob("collection-*.wt"), None) is not None:
        raise EngineError(
            f"the data folder `{data}` is damaged: there is no `{missing[0]}`",
            hint=RESTORE,
        )


def explain(log: str) -> EngineError:
    """Return what a server's last output says about why it ended."""
    if not log.strip() and lacks_avx():
        return too_old_a_processor()
    lines = [_plain(line) for line in log.splitlines()]
    # Of what is neither an error nor from before the log, there is much.
    told = [line for loud, line in lines if loud] or [line for _, line in lines]
    return failure("the MongoDB server ended", "\n".join(told), _HINTS)


def _plain(line: str) -> tuple[bool, str]:
    """Return whether a line tells of an error, and what it says."""
    try:
        said = json.loads(line)
        loud, text, details = said["s"] in _LOUD, said["msg"], said.get("attr", {})
    except (ValueError, KeyError, TypeError):
        harmless = not line.strip() or "no version information available" in line
        return not harmless, line
    if details:
        text = f"{text}: {json.dumps(details, ensure_ascii=False)}"
    return loud, text
