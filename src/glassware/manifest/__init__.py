"""Manifests: from the text of `site.toml` and `service.toml` to the model."""

from .discover import find_site as find_site
from .load import load as load
