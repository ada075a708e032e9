"""Manifests: from the text of `site.toml` and `service.toml` to the model."""

from .apart import Remark as Remark
from .apart import remarks as remarks
from .discover import find_site as find_site
from .load import load as load
from .secret import secret as secret
from .variables import dotenv_variables as dotenv_variables
