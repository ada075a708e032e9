"""Pipes read in the event loop, without a thread for each."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass


CHUNK = 64 * 1024


@dataclass(slots=True)
class Pipe:
    """The reading end of a pipe, and who hears what comes out of it."""

    descriptor: int
    on_data: Callable[[bytes], None]
    on_end: Callable[[], None]

    def close(self) -> None:
        """Stop reading; what is still in the pipe is lost."""
        if self.descriptor >= 0:
            asyncio.get_running_loop().remove_reader(self.descriptor)
            os.close(self.descriptor)
            self.descriptor = -1

    def _read(self) -> None:
        try:
            data = os.read(self.descriptor, CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.on_data(data)
        else:
            self.close()
            self.on_end()


def open_pipe(
    on_data: Callable[[bytes], None], on_end: Callable[[], None] = lambda: None
) -> tuple[Pipe, int]:
    """Return a pipe that is being read, and its writing end.

    The caller closes the writing end once the child has its copy.
    """
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    pipe = Pipe(reading, on_data, on_end)
    asyncio.get_running_loop().add_reader(reading, pipe._read)  # noqa: SLF001 - own module
    return pipe, writing
