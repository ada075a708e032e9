"""A site of ours: written into a folder, started, asked, stopped."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from .processes import Stage, until


Files = Mapping[str, str | Path]
"""Texts, or files to copy, by their names."""


class Site:
    """A site that `glassware up` runs on a stage.

    Args:
        stage: Where it runs.
        folder: The site's folder.
        *options: Of `glassware up`.
    """

    def __init__(self, stage: Stage, folder: Path, *options: str) -> None:
        # Some environments forbid what every other Python does: keep compiled code.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        self.folder = folder
        self._stage = stage
        self._name = folder.name
        self.process = stage.start(
            self._name,
            [sys.executable, "-m", "glassware", "up", *options],
            cwd=folder,
            end=signal.SIGINT,
        )

    @property
    def note(self) -> dict[str, str]:
        """What the site says of itself on disk; nothing before it does."""
        try:
            found: dict[str, str] = json.loads(
                (self.folder / ".glassware" / "site.json").read_text()
            )
        except (OSError, ValueError):
            return {}
        return found

    @property
    def port(self) -> int:
        """The gateway's port; 0 before there is one."""
        _, _, port = self.note.get("url", "").rpartition(":")
        return int(port or 0)

    def wait(self) -> int:
        """Return the gateway's port once every service is ready."""
        self._stage.until(self._name, lambda: "ready in" in self._stage.log(self._name))
        return self.port

    def command(self, *words: str) -> str:
        """Return what another command of `glassware` prints for this site."""
        return subprocess.run(
            [sys.executable, "-m", "glassware", *words],
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def stop(self) -> None:
        """Stop it before the stage ends."""
        self.process.send_signal(signal.SIGINT)
        until(lambda: self.process.poll() is not None, 30)


def write(folder: Path, files: Files) -> Path:
    """Write files below a folder; return the folder."""
    for name, source in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text() if isinstance(source, Path) else source
        path.write_text(text)
    return folder
