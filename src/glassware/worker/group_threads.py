"""Threads that a service of a group starts are that service's."""

import threading

from glassware import current


def follow() -> None:
    """Let each thread know whose code started it.

    A new thread has an empty context. What it prints, and the databases and
    neighbours that it asks for, would be nobody's.
    """
    start = threading.Thread.start

    def started(thread: threading.Thread) -> None:
        if name := current.service.get():
            run = thread.run

            def run_as_member() -> None:
                # The instance's own `run` would hold the thread in a circle.
                del thread.run
                current.service.set(name)
                run()

            thread.run = run_as_member  # type: ignore[method-assign]
        start(thread)

    threading.Thread.start = started  # type: ignore[assignment,method-assign]
