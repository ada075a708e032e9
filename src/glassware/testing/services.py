"""What the fixture `service` gives to a test."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from glassware.injection import InjectedFault

from .bench import Bench
from .service import Service


@dataclass(frozen=True, slots=True, repr=False)
class Services:
    """Loads services of the site into the process of the test.

    Their calls to neighbours go to fakes and to each other; any other fails
    the test.
    """

    _bench: Bench

    def __call__(
        self, name: str, *, environment: Mapping[str, str] | None = None
    ) -> Service:
        """Return a service, the same one every time.

        Args:
            name: Its name.
            environment: Variables that it gets besides its own.
        """
        return self._bench.service(name, environment)

    def fault(
        self,
        caller: str,
        callee: str,
        *,
        slow: float = 0.0,
        down: bool = False,
        status: int = 0,
        flaky: float = 1.0,
    ) -> AbstractContextManager[None]:
        """Break the calls from one service to another for a while.

        Args:
            caller: Who calls; `*`: whoever.
            callee: Who is called; `*`: whoever.
            slow: Seconds that each call is held up.
            down: Whether the callee cannot be reached.
            status: What each call is answered with.
            flaky: Which calls are met: below 1 a share of them, at random;
                from 2 up every so manieth.
        """
        return self._bench.fault(
            InjectedFault(
                caller=caller,
                callee=callee,
                slow=slow,
                down=down,
                status=status,
                flaky=flaky,
            )
        )
