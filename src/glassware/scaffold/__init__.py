"""The files of a new site, of a new service and of a new look."""

from .new import new_layout as new_layout
from .new import new_service as new_service
from .new import new_site as new_site
