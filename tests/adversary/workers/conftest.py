"""Workers for the tests of this folder."""

from worker.conftest import adopting, folder, start, zygote


__all__ = ["adopting", "folder", "start", "zygote"]
