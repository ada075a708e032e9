"""A save counts, however soon after the last one it comes."""

import os
import subprocess
import sys
from pathlib import Path


IMPORTS = """
from glassware.worker.bytecode import keep_only_settled
keep_only_settled()
import settled, saved_just_now
print(settled.number + saved_just_now.number)
"""


def test_only_what_has_settled_is_kept_compiled(tmp_path: Path) -> None:
    """The next save of the other may come within the same second."""
    for name in ("settled", "saved_just_now"):
        (tmp_path / f"{name}.py").write_text("number = 21\n")
    os.utime(tmp_path / "settled.py", (1_700_000_000, 1_700_000_000))

    done = subprocess.run(
        [sys.executable, "-c", IMPORTS],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "42\n", done.stderr
    kept = (tmp_path / "__pycache__").iterdir()
    assert {path.name.partition(".")[0] for path in kept} == {"settled"}
