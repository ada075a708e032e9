"""The databases of a site, as a test sees them: with the site, or without it."""

from .run import Run


MARKS_WITHIN = 120.0


class SiteDatabases:
    """The databases of all services, migrated, for this session of tests.

    Attributes:
        is_fresh: Whether they were brought back for this test.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._marked = False
        self.is_fresh = False

    def begin_test(self) -> None:
        """Forget the test before."""
        self.is_fresh = False

    def environment(self, service: str) -> dict[str, str]:
        """Return the variables of a service, as it runs now, or would."""
        found: dict[str, str] = self._run.ask("environment", service=service)[
            "environment"
        ]
        return found

    def mark(self) -> None:
        """Remember what is in the databases of all services: `rewind` leads there.

        Raises:
            GlasswareError: One of the engines cannot.
        """
        self._run.ask("mark", within=MARKS_WITHIN)
        self._marked = True

    def rewind(self) -> None:
        """Bring the databases of all services back to the last `mark`.

        What services keep in memory stays. Without a mark this is it.

        Raises:
            GlasswareError: One of the engines cannot.
        """
        if self._marked:
            self._run.ask("rewind", within=MARKS_WITHIN)
        else:
            self.mark()
        self.is_fresh = True
