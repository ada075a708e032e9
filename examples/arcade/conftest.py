"""Lets the tests of each service import its package, as the service itself does."""

import sys
from pathlib import Path


SERVICES = Path(__file__).parent / "services"

sys.path += [str(folder) for folder in sorted(SERVICES.iterdir())]
