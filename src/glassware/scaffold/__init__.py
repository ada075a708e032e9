"""The files of a new site and of a new service."""

from .new import new_service as new_service
from .new import new_site as new_site
