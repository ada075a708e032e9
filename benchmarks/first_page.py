"""The example site: seconds from the command to its first whole page.

Twice in each round: the very first time, with no data, and again with it.

    ./dev run python benchmarks/first_page.py
"""

import argparse
import http.client
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


SHOP = Path(__file__).parent.parent / "examples" / "shop"


def first_page(folder: Path) -> float:
    """Return the seconds until the home page shows products."""
    began = time.monotonic()
    site = subprocess.Popen(
        [sys.executable, "-m", "glassware", "up"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    note = folder / ".glassware" / "site.json"
    try:
        while "/product/" not in page(note):
            if time.monotonic() - began > 90:
                raise TimeoutError("no page")
            time.sleep(0.02)
        return time.monotonic() - began
    finally:
        site.send_signal(signal.SIGINT)
        site.wait(30)


def page(note: Path) -> str:
    """Return the home page, or nothing while there is none."""
    try:
        port = int(note.read_text().split("localhost:")[1].split('"')[0])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/", headers={"Host": f"localhost:{port}"})
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
    except (OSError, IndexError, http.client.HTTPException):
        return ""
    return text if response.status == 200 else ""


def main() -> None:
    """Run the rounds and print medians."""
    # Some environments forbid what every other Python does: keep compiled code.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    times: dict[str, list[float]] = {"the very first time": [], "with data": []}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "shop"
            ignore = shutil.ignore_patterns(".glassware", "__pycache__")
            shutil.copytree(SHOP, folder, ignore=ignore)
            for row in times.values():
                row.append(first_page(folder))
    for name, row in times.items():
        print(
            f"{name:20} median {statistics.median(row):5.2f} s  worst {max(row):5.2f} s"
        )


if __name__ == "__main__":
    main()
