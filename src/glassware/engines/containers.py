"""Servers in containers: Docker or Podman runs an image, and one port leads in.

The container is named after its data, so that what a killed client leaves
behind is found, and removed, before the next one starts.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from glassware.errors import EngineError
from glassware.files import write_whole

from . import Image, Launch, Place, Program
from .addresses import LOOPBACK
from .folders import data_folder, lock
from .programs import alone_with, dying_with_parent, works


_TOOLS = ("docker", "podman")


def tool() -> Path | None:
    """Return what runs containers here; `None`: nothing does."""
    for name in _TOOLS:
        path = shutil.which(name)
        # Docker's client is often there without a daemon.
        if path is not None and works((path, "info")):
            return Path(path)
    return None


def program(image: Image, name: str | None) -> Program | None:
    """Return how an engine's image runs here; `None`: it cannot.

    Args:
        image: The engine's own.
        name: What the site wants in its place, with the same conventions.
    """
    path = tool()
    if path is None:
        return None
    named = name or image.name
    tag = named.rpartition("/")[2].partition(":")[2]
    return Program(source="container", version=tag or "latest", path=path, image=named)


def has_image(program: Program) -> bool:
    """Tell whether the image is on this machine."""
    return works((str(program.path), "image", "inspect", program.image))


def prepare(image: Image, place: Place) -> None:
    """Fetch the image, end what is left of an earlier run, write what it reads.

    Raises:
        EngineError: The image cannot be had, or a folder cannot be written.
    """
    client = str(place.program.path)
    if not has_image(place.program):
        done = subprocess.run(
            (client, "pull", "--quiet", place.program.image),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise EngineError(
                f"the image `{place.program.image}` cannot be had: "
                f"{_last_line(done.stderr)}",
                hint="name another `image` in `site.toml`",
            )
    with data_folder(place):
        _folder(place).mkdir(mode=0o700, exist_ok=True)
        subprocess.run(
            (client, "rm", "--force", _name(place)), capture_output=True, check=False
        )
        variables = _lines(image.environment, place)
        write_whole(_variables(place), "".join(variables), mode=0o600)
        for inside, text in image.files.items():
            # Its user inside is another one; the folder is closed to all others.
            file = text.replace("{password}", place.password)
            write_whole(_file(place, inside), file, mode=0o644)


def launch(image: Image, place: Place) -> Launch:
    """Return what runs the container in the foreground."""
    options = [
        *("--rm", "--name", _name(place)),
        *("--publish", f"{LOOPBACK}:{place.port}:{image.port}"),
        *("--volume", f"{_folder(place)}:{image.data}"),
        *("--env-file", str(_variables(place))),
        *_as_this_user(place.program),
    ]
    for inside in image.files:
        options += ["--volume", f"{_file(place, inside)}:{inside}:ro"]
    return Launch(
        argv=(
            *alone_with(lock(place)),
            *dying_with_parent(image.stop),
            *(str(place.program.path), "run", *options),
            *(place.program.image, *image.arguments),
        ),
        stop=image.stop,
    )


def _as_this_user(program: Program) -> Iterator[str]:
    """Let what the container writes belong to whoever runs the site."""
    if os.geteuid() != 0 and program.path is not None:
        if program.path.name == "podman":
            yield "--userns=keep-id"
        yield f"--user={os.geteuid()}:{os.getegid()}"


def _lines(environment: Mapping[str, str], place: Place) -> Iterator[str]:
    for name, value in environment.items():
        yield f"{name}={value.replace('{password}', place.password)}\n"


def _name(place: Place) -> str:
    digest = hashlib.sha256(os.fsencode(place.data)).hexdigest()
    return f"glassware-{digest[:16]}"


def _folder(place: Place) -> Path:
    return place.data / "container"


def _variables(place: Place) -> Path:
    return place.data / "container.env"


def _file(place: Place, inside: str) -> Path:
    return place.data / f"container.{Path(inside).name}"


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]
