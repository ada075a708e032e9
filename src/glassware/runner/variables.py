"""The variables of a service: what the plan says, with every late value put in."""

import os
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from glassware.engines import Access
from glassware.environment import Binding, Settings, to_variables
from glassware.model import LAYOUT_APP
from glassware.plan import Plan, ServicePlan
from glassware.template import Reference, fill


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """What is only known when the site runs.

    Attributes:
        url: The site's public address.
        neighbours: How a call reaches each service; see `environment`.
        addresses: Host and port at which this service's own code reaches others.
        accesses: How this service reaches its databases, by name.
        offered: Ordinary variables of the engines, by engine; each is a
            template over the fields of `Access`.
        secrets: The secrets that it names.
        secret_key: The service's own `SECRET_KEY`.
        other_keys: Those that count beside it, as JSON; empty: none does.
        faults: The file that says what is injected; empty: nothing ever is.
        directory: The file that says where every service is public.
        visitors: The file that says how visitors are known.
        key: The service's own private key.
        callers: The public keys of those that may call it; `None`: anybody may.
        cookie_key: The private key that signs what it keeps with visitors.
    """

    url: str
    neighbours: Mapping[str, str]
    addresses: Mapping[str, tuple[str, int]]
    accesses: Mapping[str, Access] = field(repr=False)
    offered: Mapping[str, Mapping[str, str]]
    secrets: Mapping[str, str] = field(repr=False)
    secret_key: str = field(repr=False)
    other_keys: str = field(default="", repr=False)
    faults: str = ""
    directory: str = ""
    visitors: str = ""
    key: str = field(default="", repr=False)
    callers: Mapping[str, str] | None = None
    cookie_key: str = field(default="", repr=False)


def variables(
    plan: Plan, service: ServicePlan, late: Late, inherited: Mapping[str, str]
) -> dict[str, str]:
    """Return the complete environment of a service.

    Later ones win: what the terminal has, ordinary variables of its
    databases, its `[environment]`, and what the service wing reads.
    """
    own = {
        key: value
        for key, value in inherited.items()
        if not key.startswith("GLASSWARE_") and key != "SCRIPT_NAME"
    }
    own["PATH"] = _path(service, own.get("PATH", os.defpath))
    own.setdefault("SECRET_KEY", late.secret_key)
    own.setdefault("FLASK_SECRET_KEY", late.secret_key)
    if late.other_keys and own["SECRET_KEY"] == late.secret_key:
        own.setdefault("SECRET_KEY_FALLBACKS", late.other_keys)
        own.setdefault("FLASK_SECRET_KEY_FALLBACKS", late.other_keys)
    if service.service.app is not None:
        own["FLASK_APP"] = _flask_app(service.service.folder, service.service.app)
    own.update(_ordinary(plan, service, late))
    own.update(
        (name, fill(template, lambda r: _value(r, late)))
        for name, template in service.environment.items()
    )
    own.update(to_variables(_settings(plan, service, late)))
    return own


def _path(service: ServicePlan, inherited: str) -> str:
    """Let `python` and `flask` be those of the interpreter that runs the service."""
    python = service.interpreter or Path(sys.executable)
    folders = [str(python.parent), inherited]
    own = service.service.folder / ".venv" / "bin"
    if service.service.command is not None and own.is_dir():
        folders.insert(0, str(own))
    return os.pathsep.join(folders)


def _flask_app(folder: Path, app: str) -> str:
    """Return an application as the `flask` command finds it from `folder`."""
    module, colon, name = app.partition(":")
    if module.endswith(".py") or module == LAYOUT_APP:
        return app
    path = Path(*module.split("."))
    if not any(
        (folder / path.parts[0]).with_suffix(end).exists() for end in ("", ".py")
    ):
        # A path, because `src` is not on the command's `sys.path`.
        return f"{Path('src', path)}{colon}{name}"
    return app


def _ordinary(plan: Plan, service: ServicePlan, late: Late) -> dict[str, str]:
    """Offer `DATABASE_URL` and the like where there is exactly one candidate."""
    declared = plan.databases_of(service.service.name)
    candidates = Counter(
        variable for d in declared for variable in late.offered.get(d.engine, {})
    )
    offers: dict[str, str] = {}
    for database in declared:
        templates = late.offered.get(database.engine, {})
        alone = {name: templates[name] for name in templates if candidates[name] == 1}
        offers.update(late.accesses[database.name].offer(alone))
    return offers


def _fields(access: Access) -> dict[str, str]:
    """Return what `{databases.NAME.…}` can name."""
    return {
        "url": access.url,
        "host": access.host,
        "port": str(access.port),
        "user": access.user,
        "password": access.password,
        "name": access.name,
        "socket": access.socket,
    }


def _value(reference: Reference, late: Late) -> str:
    match reference.kind:
        case "services":
            host, port = late.addresses[reference.name]
            whole = {"url": f"http://{host}:{port}", "host": host, "port": str(port)}
            return whole[reference.field]
        case "databases":
            return _fields(late.accesses[reference.name])[reference.field]
        case _:
            return late.secrets[reference.name]


def _settings(plan: Plan, service: ServicePlan, late: Late) -> Settings:
    return Settings(
        site=plan.site,
        service=service.service.name,
        url=late.url,
        mounts=service.mounts,
        calls=service.service.calls,
        neighbours=late.neighbours,
        policies=service.policies,
        key=late.key,
        callers=late.callers,
        development=not plan.production,
        faults=late.faults,
        directory=late.directory,
        visitors=late.visitors,
        layout=str(service.layout or ""),
        cookie_path=plan.cookie_path(service.service.name),
        cookie_key=late.cookie_key,
        databases={
            name: Binding(
                engine=_engine_of(plan, service.service.name, name),
                url=access.native_url,
            )
            for name, access in late.accesses.items()
        },
    )


def _engine_of(plan: Plan, service: str, name: str) -> str:
    return next(d.engine for d in plan.databases_of(service) if d.name == name)
