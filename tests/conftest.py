"""What every test gets: a clean environment, and a check that nothing is left."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest
from hypothesis import settings

from waiting import children, open_files, until


settings.register_profile("long", max_examples=1000)
"""Ten times what is tried otherwise: `--hypothesis-profile long`."""

SLOW = ("site", "adversary", "engines", "reliability", "testing", "apps", "conformance")
"""Folders of tests whose files take long, the longest first."""


def pytest_configure(config: pytest.Config) -> None:
    """Have each failure told when it happens, whatever becomes of the summary."""
    # A shell lets what it starts in the background ignore Ctrl-C, and their children.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Failures(config))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest: the rest evens out at the end."""
    items.sort(key=_takes)


class Failures:
    """Tells each failure at once, in one line."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Name the test, and the step if it is not the test itself."""
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal is not None:
            step = "" if report.when == "call" else f" ({report.when})"
            text = f"\nFAILED {report.nodeid}{step}\n{_said(report)}\n"
            terminal.write(text, red=True)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start each test without the variables that change what is tested."""
    for name in tuple(os.environ):
        if name.startswith(("GLASSWARE_", "FLASK_", "PYTHONDONTWRITE")):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Fail a test that leaves a process, a thread or a descriptor behind."""
    before = (children(), set(threading.enumerate()), open_files())
    yield
    until(lambda: children() <= before[0], "the end of every child process")
    until(lambda: _threads() <= before[1], "the end of every thread")
    until(lambda: open_files() <= before[2], "every close")


def _threads() -> set[threading.Thread]:
    return {t for t in threading.enumerate() if not t.daemon}


def _takes(item: pytest.Item) -> int:
    room = item.nodeid.removeprefix("tests/").partition("/")[0]
    return SLOW.index(room) if room in SLOW else len(SLOW)


def _said(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return crash.message.partition("\n")[0] if crash else str(report.longrepr)
