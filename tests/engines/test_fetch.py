"""Packages are fetched: as pinned, as a whole, once."""

import os
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engines.registry import Member, Registry, package_of, serving
from glassware.engines.fetch import Progress, fetch
from glassware.engines.packages import Package, is_there, machine, place_of, require
from glassware.errors import EngineError, NotFetched
from waiting import until


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A registry on the loopback, and a cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with serving() as registry:
        for name, value in registry.environment().items():
            monkeypatch.setenv(name, value)
        yield registry


def ignore(progress: Progress) -> None:
    """Hear how far it is."""


def left_behind(package: Package) -> list[Path]:
    """Return what there is in the cache besides whole packages and their locks."""
    kept = place_of(package).parent
    return [p for p in kept.iterdir() if p.is_dir() and p.name.startswith(".")]


def test_parts_of_both_registries_make_a_package(registry: Registry) -> None:
    """Each is in a folder of its name, programs can be run, and `arrange` sees it all."""
    program = Member("#!/bin/sh\necho works\n", 0o755)
    parts = (
        registry.npm("@toy/linux", {"bin/toy": program, "README.md": "read"}),
        registry.wheel("toy-db", {"toy/db.py": "x = 1", "toy/run": program}),
    )

    def arrange(folder: Path) -> None:
        (folder / "toy").symlink_to("@toy/linux/bin/toy")

    place = fetch(package_of(*parts, arrange=arrange), ignore)

    done = subprocess.run([place / "toy"], capture_output=True, text=True, check=True)
    assert done.stdout == "works\n"
    assert os.access(place / "toy-db/toy/run", os.X_OK)
    assert not os.access(place / "toy-db/toy/db.py", os.X_OK)
    assert (place / "@toy/linux/README.md").read_text() == "read"


def test_a_wheel_is_unpacked_as_pip_does(registry: Registry) -> None:
    """What is in its `purelib` stands beside its other modules."""
    part = registry.wheel("toy", {"toy-1.0.0.data/purelib/toy/a.py": "", "b.py": ""})

    place = fetch(package_of(part), ignore)

    assert (place / "toy/toy/a.py").is_file()
    assert (place / "toy/b.py").is_file()


def test_a_second_use_asks_nobody(registry: Registry) -> None:
    """It works offline from then on."""
    package = package_of(registry.npm("toy", {"a": "1"}))
    first = fetch(package, ignore)
    registry.pages.clear()
    registry.asked.clear()

    assert fetch(package, ignore) == require(package) == first
    assert registry.asked == []


def test_progress_goes_from_nothing_to_all(registry: Registry) -> None:
    """Bytes never go back, and the last word is that everything is there."""
    parts = (
        registry.npm("toy", {"a": "1" * 3_000_000}),
        registry.wheel("toys", {"b": "2" * 1_000_000}),
    )
    told: list[Progress] = []

    size = sum(len(body) for _, body in registry.pages.values())
    fetch(replace(package_of(*parts), size=size), told.append)

    counts = [progress.done for progress in told]
    assert counts[0] == 0
    assert counts == sorted(counts)
    assert told[-1].done == told[-1].total
    assert all(progress.done <= progress.total for progress in told)
    assert any("toys" in progress.doing for progress in told)


@pytest.mark.parametrize("kind", ["npm", "wheel"])
def test_what_is_not_as_pinned_is_not_kept(registry: Registry, kind: str) -> None:
    """Both digests are told, and the cache has nothing of it, whoever lied."""
    part = getattr(registry, kind)("toy", {"a": "1"})
    getattr(registry, kind)("toy", {"a": "changed on the way"})
    package = package_of(part)

    with pytest.raises(EngineError) as caught:
        fetch(package, ignore)

    assert part.digests["any"] in caught.value.message
    assert not is_there(package)
    assert left_behind(package) == []


def test_a_download_that_breaks_off_is_tried_again(registry: Registry) -> None:
    """A cut connection costs a second attempt, and no more."""
    package = package_of(registry.npm("toy", {"a": "1"}))
    path = "/npm/toy/-/toy-1.0.0.tgz"
    registry.cut[path] = 1

    fetch(package, ignore)

    assert registry.archives() == [path, path]


def test_a_download_that_always_breaks_off_is_told(registry: Registry) -> None:
    """Half an archive is not unpacked, and nothing is left."""
    package = package_of(registry.npm("toy", {"a": "1"}))
    registry.cut["/npm/toy/-/toy-1.0.0.tgz"] = 99

    with pytest.raises(EngineError, match="broke off"):
        fetch(package, ignore)

    assert not is_there(package)
    assert left_behind(package) == []


NPM_TRICKS = {
    "a path upwards": {"!package/../../../evil": "x"},
    "an absolute path": {"!/tmp/glassware-evil": "x"},
    "a link out": {"link": Member(link="../../../..")},
    "an absolute link": {"link": Member(link="/etc")},
    "a link through a link": {
        "deep/link": Member(link="../a"),
        "a/b": "x",
        "out": Member(link="deep/link/../../../evil"),
    },
    "a file through a link": {"link": Member(link=".."), "link/evil": "x"},
    "a hard link": {"a": "x", "b": Member(link="package/a", kind=tarfile.LNKTYPE)},
    "a device": {"null": Member(kind=tarfile.CHRTYPE)},
    "a pipe": {"pipe": Member(kind=tarfile.FIFOTYPE)},
    "one name twice": {"a": "1", "./a": "2"},
    "a file for a folder": {"a": "1", "a/b": "2"},
}


@pytest.mark.parametrize("trick", NPM_TRICKS)
def test_hostile_archives_of_npm_are_refused(
    registry: Registry, trick: str, tmp_path: Path
) -> None:
    """Nothing is written outside, nothing is kept, though the digest is right."""
    package = package_of(registry.npm("toy", NPM_TRICKS[trick]))

    with pytest.raises(EngineError):
        fetch(package, ignore)

    assert not is_there(package)
    assert left_behind(package) == []
    assert [p.name for p in tmp_path.rglob("*evil*")] == []


ZIP_TRICKS = {
    "a path upwards": {"../../evil": "x"},
    "an absolute path": {"/tmp/glassware-evil": "x"},
    "a link out": {"link": Member(link="../..")},
    "modules upwards": {"toy-1.0.0.data/purelib/../../../evil": "x"},
}


@pytest.mark.parametrize("trick", ZIP_TRICKS)
def test_hostile_wheels_are_refused(
    registry: Registry, trick: str, tmp_path: Path
) -> None:
    """As those of npm."""
    package = package_of(registry.wheel("toy", ZIP_TRICKS[trick]))

    with pytest.raises(EngineError):
        fetch(package, ignore)

    assert not is_there(package)
    assert left_behind(package) == []
    assert [p.name for p in tmp_path.rglob("*evil*")] == []


def test_modes_give_nobody_rights(registry: Registry) -> None:
    """Set-user-id and writing for everybody stay in the archive; links inside work."""
    part = registry.npm("toy", {"su": Member("x", 0o6777), "to": Member(link="su")})

    place = fetch(package_of(part), ignore)

    assert (place / "toy/su").stat().st_mode & 0o7777 == 0o755
    assert (place / "toy/to").read_text() == "x"


FETCHING = """
import sys
from engines.registry import package_of
from glassware.engines.fetch import fetch
from glassware.engines.packages import Part
part = Part(registry="npm", name="toy", version="1.0.0", digests={"any": sys.argv[1]})
fetch(package_of(part), lambda progress: None)
"""


def fetching(digest: str, stderr: int | None = None) -> subprocess.Popen[bytes]:
    """Fetch the package `toy` in another process."""
    path = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    return subprocess.Popen(
        [sys.executable, "-c", FETCHING, digest],
        env={**os.environ, "PYTHONPATH": path},
        stderr=stderr,
    )


def test_who_is_killed_halfway_leaves_nothing_that_counts(registry: Registry) -> None:
    """What was left is swept by the next one, which fetches it anew."""
    part = registry.npm("toy", {"a": "1"})
    package = package_of(part)
    registry.gate.clear()
    process = fetching(part.digests["any"])
    until(registry.held.is_set, "the middle of the download")
    process.send_signal(signal.SIGKILL)
    process.wait()

    assert not is_there(package)
    assert left_behind(package) != []
    registry.gate.set()
    fetch(package, ignore)
    assert is_there(package)
    assert left_behind(package) == []


def test_ctrl_c_leaves_nothing(registry: Registry) -> None:
    """Whoever changes their mind halfway has nothing to tidy up."""
    part = registry.npm("toy", {"a": "1"})
    registry.gate.clear()
    process = fetching(part.digests["any"], stderr=subprocess.DEVNULL)
    until(registry.held.is_set, "the middle of the download")
    process.send_signal(signal.SIGINT)

    assert process.wait() != 0
    assert not is_there(package_of(part))
    assert left_behind(package_of(part)) == []


def test_a_server_that_sends_without_end_is_left(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is not filled with what cannot be the archive."""
    monkeypatch.setattr("glassware.engines.fetch.MARGIN", 0)
    package = package_of(registry.npm("toy", {"a": os.urandom(3_000_000).hex()}))

    with pytest.raises(EngineError, match="far larger"):
        fetch(package, ignore)

    assert left_behind(package) == []


def test_two_at_once_fetch_it_once(registry: Registry) -> None:
    """The second waits, says so, and uses what the first has fetched."""
    part = registry.npm("toy", {"a": "1"})
    package = package_of(part)
    registry.gate.clear()
    first = fetching(part.digests["any"])
    until(registry.held.is_set, "the middle of the download")
    told: list[Progress] = []
    second = threading.Thread(target=fetch, args=(package, told.append))
    second.start()
    until(lambda: told, "the second to wait")
    registry.gate.set()
    second.join()

    assert first.wait() == 0
    assert "waits" in told[0].doing
    assert len(registry.archives()) == 1
    assert is_there(package)


def test_an_arrangement_that_fails_leaves_nothing(registry: Registry) -> None:
    """What could not be made a whole is no package."""

    def arrange(folder: Path) -> None:
        raise EngineError("a part is missing")

    package = package_of(registry.npm("toy", {"a": "1"}), arrange=arrange)
    with pytest.raises(EngineError, match="a part is missing"):
        fetch(package, ignore)

    assert not is_there(package)
    assert left_behind(package) == []


def test_another_machine_is_told(registry: Registry) -> None:
    """Nothing is asked of the registry, and the machines that have it are named."""
    part = registry.npm("toy", {"a": "1"})
    package = package_of(replace(part, digests={"plan9-mips": part.digests["any"]}))

    with pytest.raises(EngineError, match=machine()) as caught:
        fetch(package, ignore)

    assert "plan9-mips" in (caught.value.hint or "")
    assert registry.asked == []


def test_what_is_not_fetched_says_how_large_it_is(registry: Registry) -> None:
    """The way out is a command."""
    package = replace(package_of(registry.npm("toy", {"a": "1"})), size=47_300_000)

    with pytest.raises(NotFetched, match="47 MB") as caught:
        require(package)

    assert caught.value.hint == "glassware install"


def test_a_full_disk_is_told(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How much room is needed, where, and how to name another place."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk))
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        pytest.skip("only root can make a small disk, and not everywhere")
    monkeypatch.setenv("XDG_CACHE_HOME", str(disk))
    package = package_of(registry.npm("toy", {"a": "1" * 4_000_000}))
    try:
        with pytest.raises(EngineError, match="there is no room") as caught:
            fetch(package, ignore)

        assert "XDG_CACHE_HOME" in (caught.value.hint or "")
        assert not is_there(package)
        assert left_behind(package) == []
    finally:
        subprocess.run(("umount", "--lazy", str(disk)), check=True)
