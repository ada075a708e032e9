"""A service that calls, and a neighbour in which every mistake can be made."""

from service.conftest import become, folder, start, wire


__all__ = ["become", "folder", "start", "wire"]
