"""One output for each service of a group: whose code writes, there it goes."""

import io
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from glassware import current


class Divided(io.TextIOBase):
    """A `sys.stdout` that asks at each write whose code runs.

    Whoever kept it when he was imported, such as a `logging.StreamHandler`,
    writes to the right place for ever.

    Args:
        common: For what nobody's code writes.
        own: The members' outputs by their names.
    """

    def __init__(self, common: TextIO, own: Mapping[str, TextIO]) -> None:
        super().__init__()
        self._common = common
        self._own = own

    @property
    def now(self) -> TextIO:
        """The output of the service whose code runs."""
        return self._own.get(current.service.get(), self._common)

    def write(self, text: str) -> int:
        """Write text; it is sent when its line ends."""
        return self.now.write(text)

    def flush(self) -> None:
        """Send what was written, and everybody's if nobody's code runs."""
        if current.service.get():
            self.now.flush()
            return
        for stream in (self._common, *self._own.values()):
            stream.flush()

    def fileno(self) -> int:
        """Return the descriptor, for programs that are to write there too."""
        return self.now.fileno()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self.now.isatty()

    def writable(self) -> bool:
        """Whether it can be written to."""
        return True

    def reconfigure(self, **options: Any) -> None:
        """Change how text is written."""
        if isinstance(self.now, io.TextIOWrapper):
            self.now.reconfigure(**options)

    def close(self) -> None:
        """Send what was written; others write on."""
        self.flush()

    def __getattr__(self, name: str) -> Any:
        # `buffer`, `name`, `mode`, `line_buffering`
        return getattr(self.now, name)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """How text becomes bytes."""
        return self.now.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """What becomes of text that has no bytes."""
        return self.now.errors


def divide(names: Sequence[str], outputs: Sequence[int]) -> None:
    """Let stdout and stderr of this process lead to whoever's code writes.

    What writes to the descriptors 1 and 2 by itself (native code, faulthandler)
    goes where it always went.

    Args:
        names: The members.
        outputs: A descriptor for each; none: they share what there is.
    """
    if not outputs:
        return
    for descriptor in outputs:
        os.set_inheritable(descriptor, False)
    each = dict(zip(names, outputs, strict=True))
    for name in ("stdout", "stderr"):
        common = getattr(sys, name)
        own = {member: _text(fd, common.errors) for member, fd in each.items()}
        setattr(sys, name, Divided(common, own))


def _text(descriptor: int, errors: str) -> TextIO:
    return open(descriptor, "w", 1, encoding="utf-8", errors=errors, closefd=False)
