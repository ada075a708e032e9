"""The kinds of the fixtures that make things."""

from collections.abc import Callable

from gateway.backend import Backend
from gateway.envoy_site import EnvoySite


Start = Callable[..., Backend]
Site = Callable[..., EnvoySite]
Shared = tuple[EnvoySite, dict[str, Backend]]
Share = Callable[..., Shared]
