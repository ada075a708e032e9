"""Start, use and stop each engine: `python -m engines.ordinary_user FOLDER`."""

import os
import sys
from pathlib import Path

from engines.embedded import Embedder, grant
from engines.keeping import keep, kept
from glassware import engines


def main(folder: Path) -> None:
    """Print what each engine kept."""
    assert os.geteuid() != 0
    embed = Embedder(folder, folder / "run")
    embed.runtime.mkdir(mode=0o700)
    try:
        for name in engines.NAMES:
            server = embed(engines.find(name)).start()
            url = server.provision(grant()).native_url
            keep(url, "tea")
            sys.stdout.write(f"{name} {' '.join(kept(url))}\n")
            if server.process is not None:
                server.stop()
    finally:
        embed.end()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
