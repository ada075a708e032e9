"""Commands of manifests as words: split as a shell would, with variables filled in.

No shell takes part, so nothing is between the supervisor and the program.
"""

import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from string import Template


def words(command: str, environment: Mapping[str, str]) -> list[str]:
    """Return a command's words, with `$NAME` and `${NAME}` filled in.

    A variable that is not set stays as it is written; `$$` is a `$`.
    """
    return [Template(w).safe_substitute(environment) for w in shlex.split(command)]


def is_there(program: str, environment: Mapping[str, str], cwd: Path) -> bool:
    """Tell whether a command's first word can be started in `cwd`."""
    if "/" in program:
        return shutil.which(cwd / program) is not None
    return shutil.which(program, path=environment.get("PATH")) is not None
