"""What is done to calls on purpose: faults and fakes on the edges of a running site.

The supervisor writes them into one file of the runtime folder, and the client
of every caller reads it: both directions are here. In production nobody is
told of such a file.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from .environment import spelled


ANY = "*"
"""In place of a caller or a callee: all of them."""

FILE = "injected.json"
"""The file in the runtime folder."""

_STATUSES = range(200, 600)


@dataclass(frozen=True, slots=True, kw_only=True)
class InjectedFault:
    """What happens to the calls from one service to another.

    Attributes:
        caller: Who calls; `*`: whoever.
        callee: Who is called; `*`: whoever.
        slow: Seconds that each call is held up before it is sent.
        down: Whether the callee cannot be reached.
        status: What each call is answered with, the callee is not asked.
        flaky: Which calls are met: below 1 the share of them, at random; from
            1 up every so manieth of each process. Alone: with status 503.

    Raises:
        ValueError: One of them makes no sense.
    """

    caller: str = ANY
    callee: str = ANY
    slow: float = 0.0
    down: bool = False
    status: int = 0
    flaky: float = 1.0

    def __post_init__(self) -> None:
        if not (self.slow or self.down or self.status or self.flaky != 1.0):
            raise ValueError("a fault is `slow`, `down`, `status` or `flaky`")
        if not (math.isfinite(self.slow) and self.slow >= 0):
            raise ValueError(f"`slow` takes seconds, not {self.slow!r}")
        if self.status and self.status not in _STATUSES:
            raise ValueError(f"`status` takes 200 to 599, not {self.status!r}")
        if not self._is_frequency():
            raise ValueError(
                "`flaky` takes a share between 0 and 1, or 2 for every second call, "
                f"3 for every third and so on, not {self.flaky!r}"
            )

    def _is_frequency(self) -> bool:
        return 0 < self.flaky < 1 or (self.flaky >= 1 and self.flaky % 1 == 0)

    @property
    def edge(self) -> tuple[str, str]:
        """The caller and the callee."""
        return self.caller, self.callee

    def meets(self, caller: str, callee: str) -> bool:
        """Tell whether it is on the edge between two services."""
        return _is(self.caller, caller) and _is(self.callee, callee)

    def __str__(self) -> str:
        words = [f"slow {self.slow:g} s"] if self.slow else []
        words += ["down"] if self.down else []
        words += [f"status {self.status}"] if self.status else []
        if self.flaky > 1:
            words.append(f"flaky: 1 call in {self.flaky:g}")
        elif self.flaky < 1:
            words.append(f"flaky: {self.flaky:.0%} of the calls")
        return f"{self.caller} -> {self.callee}: {', '.join(words)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Injections:
    """Everything that is injected into a site at one moment.

    Attributes:
        faults: In the order in which they were set.
        fakes: Where the fake is that answers in a service's place, by name.
    """

    faults: tuple[InjectedFault, ...] = ()
    fakes: Mapping[str, str] = field(default_factory=dict)

    def fake_of(self, service: str) -> str | None:
        """Return where the fake is that answers in the place of `service`."""
        return self.fakes.get(spelled(service))

    def lines(self) -> tuple[str, ...]:
        """Return each of them, as people read it."""
        fakes = (f"* -> {name}: answered by a fake" for name in self.fakes)
        return (*map(str, self.faults), *fakes)


def write_injections(injections: Injections) -> str:
    """Return the text of the file."""
    return json.dumps(asdict(injections), indent=2) + "\n"


def read_injections(text: str) -> Injections:
    """Return what the file says.

    Raises:
        ValueError: It is no such file.
    """
    try:
        said: dict[str, Any] = json.loads(text)
        return Injections(
            faults=tuple(read_fault(fault) for fault in said["faults"]),
            fakes={spelled(name): str(url) for name, url in said["fakes"].items()},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"these are no injections: {error!r}") from error


def read_fault(said: Mapping[str, Any]) -> InjectedFault:
    """Return a fault that came as JSON.

    Raises:
        ValueError: It is none.
    """
    known = {f.name for f in fields(InjectedFault)}
    if unknown := said.keys() - known:
        raise ValueError(f"a fault has no `{min(unknown)}`")
    try:
        return InjectedFault(**said)
    except TypeError as error:
        raise ValueError(f"this is no fault: {error}") from error


def _is(pattern: str, name: str) -> bool:
    return pattern == ANY or spelled(pattern) == spelled(name)
