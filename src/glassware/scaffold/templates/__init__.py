"""The texts of new files, with `$name` where a value goes."""

from importlib.resources import files
from string import Template


def filled(template: str, **values: str) -> str:
    """Return a text of this folder with its values filled in."""
    path = files(__package__).joinpath(template)
    return Template(path.read_text(encoding="utf-8")).substitute(values)
