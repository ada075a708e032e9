"""The data folder of a server: made for its owner alone, used by one server at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from glassware.engines import Place
from glassware.errors import EngineError

from .programs import wait_for


def lock(place: Place) -> Path:
    """Return what keeps a second server from the data of `place`."""
    return place.data / "lock"


@contextmanager
def data_folder(place: Place, *, served: bool = True) -> Iterator[None]:
    """Make the data folder, and let nobody else use it; then do what the block says.

    Args:
        place: Whose it is.
        served: Whether a server that still ends could be using it.

    Raises:
        EngineError: The folder cannot be used, in or before the block.
    """
    try:
        place.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if served:
            wait_for(lock(place))
        yield
    except OSError as error:
        raise EngineError(
            f"the data folder `{place.data}` cannot be used: {error.strerror}"
        ) from error
