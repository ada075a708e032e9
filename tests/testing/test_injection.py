"""What is injected, as data: what makes sense, how it is written, how it is noticed."""

import os
import time
from pathlib import Path

import pytest

from glassware.injection import (
    InjectedFault,
    Injections,
    read_fault,
    read_injections,
    write_injections,
)
from glassware.latest import Latest
from glassware.service.faults import Answered, Counts, over
from glassware.service.response import Response
from glassware.service.transport import Request, Stream


DOWN = InjectedFault(caller="shop", callee="price-list", down=True)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"slow": -1},
        {"slow": float("inf")},
        {"status": 99},
        {"status": 600},
        {"flaky": 0},
        {"flaky": -0.5},
        {"flaky": 2.5},
        {"flaky": float("nan")},
        {"down": True, "colour": "red"},
        {"status": "503"},
    ],
)
def test_what_is_no_fault(said: dict[str, object]) -> None:
    """Whoever asks for it is told."""
    with pytest.raises(ValueError, match=r"fault|slow|status|flaky"):
        read_fault(said)


@pytest.mark.parametrize(
    ("caller", "callee", "met"),
    [
        ("shop", "price-list", True),
        ("shop", "price_list", True),
        ("shop", "stock", False),
        ("other", "price-list", False),
    ],
)
def test_the_edge_that_a_fault_is_on(caller: str, callee: str, met: bool) -> None:
    """However the names are spelled."""
    assert DOWN.meets(caller, callee) is met
    assert InjectedFault(callee="price-list", down=True).meets("any", callee) is (
        callee != "stock"
    )


def test_both_directions() -> None:
    """What is written is what is read."""
    slow = InjectedFault(slow=1.5, flaky=0.25)
    whole = Injections(faults=(DOWN, slow), fakes={"stock": "http://127.0.0.1:1"})

    assert read_injections(write_injections(whole)) == whole


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"faults": [{}], "fakes": {}}'])
def test_a_file_that_cannot_be_read_injects_nothing(tmp_path: Path, text: str) -> None:
    """A call goes on as if there were none."""
    path = tmp_path / "injected.json"
    path.write_text(text)

    assert Latest(path, read_injections, None).now() is None


def test_the_file_is_noticed_when_it_comes_changes_and_goes(tmp_path: Path) -> None:
    """At the next call, however soon that is."""
    path = tmp_path / "injected.json"
    file = Latest(path, read_injections, None)
    first, second = Injections(fakes={"a": "b"}), Injections(fakes={"a": "c"})
    assert file.now() is None

    now = time.time_ns()
    for injections in (first, second, first, second):
        path.write_text(write_injections(injections))
        # As fast as this, files have no other time.
        os.utime(path, ns=(now, now))
        assert file.now() == injections
    path.unlink()
    assert file.now() is None


def test_a_file_that_stays_is_not_read_again(tmp_path: Path) -> None:
    """A look at its time is all that a call pays for."""
    path = tmp_path / "injected.json"
    path.write_text(write_injections(Injections(faults=(DOWN,))))
    os.utime(path, (1, 1))
    file = Latest(path, read_injections, None)
    before = file.now()

    assert before is not None
    assert file.now() is before


class Way:
    """Carries nothing, and keeps what it was given."""

    def __init__(self) -> None:
        self.request: Request | None = None

    def send(self, request: Request) -> Response:
        """Keep it."""
        self.request = request
        return Response(request, 200, [], b"")

    def open(self, request: Request) -> Stream:
        """Keep it."""
        self.request = request
        return Answered(200)


@pytest.mark.parametrize("how", ["send", "open"])
def test_what_a_slow_fault_took_is_gone(tmp_path: Path, how: str) -> None:
    """The attempt has the rest of the call's time."""
    path = tmp_path / "injected.json"
    path.write_text(write_injections(Injections(faults=(InjectedFault(slow=0.25),))))
    request = Request(
        neighbour="stock",
        address="unix:/nowhere",
        method="GET",
        target="/",
        headers=(),
        timeout=1.0,
    )
    way = Way()

    getattr(over(way, str(path), Way), how)(request)

    assert way.request is not None
    assert way.request.timeout == 0.75


def test_every_so_manieth_of_all_threads() -> None:
    """Each fault counts for itself."""
    counts = Counts()
    third, half = InjectedFault(flaky=3), InjectedFault(flaky=2)

    assert [counts.strikes(third) for _ in range(6)] == [False, False, True] * 2
    assert [counts.strikes(half) for _ in range(4)] == [False, True] * 2


def test_a_share() -> None:
    """By chance, below the share."""
    drawn = iter([0.0, 0.29, 0.3, 0.9])
    counts = Counts(lambda: next(drawn))
    fault = InjectedFault(flaky=0.3)

    assert [counts.strikes(fault) for _ in range(4)] == [True, True, False, False]
