"""The plan: pure, and the same for whoever acts on it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassware.model import Address, Engine, Route, Service, Site
from glassware.plan import make_plan


def service(name, **fields):
    """A service in a folder of its name."""
    fields = {"app": "app.py"} | fields
    if "command" in fields:
        fields["app"] = None
    return Service(name=name, folder=Path("/site/services") / name, **fields)


def plan(*services, **options):
    """The plan of a site with these services."""
    site = Site(
        folder=Path("/site"),
        name="site",
        services=services,
        engines=options.pop("engines", {}),
        groups=options.pop("groups", {}),
    )
    return make_plan(site, **options)


def test_longer_prefixes_and_named_hosts_match_first():
    """The gateway's table is in the order in which it is to be tried."""
    routes = (
        Route(path="/"),
        Route(path="/a/b"),
        Route(path="/", host="h.example"),
        Route(path="/a"),
    )

    made = plan(service("web", routes=routes)).gateway.routes

    order = [(public.route.host, public.route.path) for public in made]
    assert order == [("h.example", "/"), (None, "/a/b"), (None, "/a"), (None, "/")]


def test_mounts_are_script_name_for_applications_and_strip_for_commands():
    """Unless the route says otherwise."""
    made = plan(
        service("app", routes=(Route(path="/app"),)),
        service("node", command="node x.js", routes=(Route(path="/node"),)),
        service("kept", routes=(Route(path="/kept", mount="keep"),)),
    )

    mounts = {public.service: public.mount for public in made.gateway.routes}
    assert mounts == {"app": "script_name", "node": "strip", "kept": "keep"}
    assert made.service("app").mounts == ("/app",)
    assert made.service("kept").mounts == ()


def test_one_postgresql_serves_all_and_each_redis_stands_alone():
    """Servers are shared or not as their engine is."""
    made = plan(
        service("a", databases={"main": "postgresql", "cache": "redis"}),
        service("b", databases={"main": "postgresql", "cache": "redis"}),
    )

    keys = {server.key for server in made.servers}
    assert keys == {"postgresql", "redis.a.cache", "redis.b.cache"}


def test_an_existing_server_is_one_server():
    """A URL in `site.toml` serves every declaration of that engine."""
    made = plan(
        service("a", databases={"cache": "redis"}),
        service("b", databases={"cache": "redis"}),
        engines={"redis": Engine(url="env:REDIS")},
    )

    assert [(s.key, s.url) for s in made.servers] == [("redis", "env:REDIS")]


NAMES = st.from_regex(r"[a-z]{1,3}(_[a-z]{1,3}){0,2}", fullmatch=True)


@given(st.sets(st.tuples(NAMES, NAMES), min_size=2, max_size=8))
def test_no_two_declarations_share_a_database(pairs):
    """Whatever services and databases are called."""
    names = {}
    for name, database in pairs:
        names.setdefault(name, {})[database] = "postgresql"

    made = plan(*(service(n, databases=d) for n, d in names.items()))

    accounts = [database.database for database in made.databases]
    assert len(set(accounts)) == len(accounts) == len(pairs)


def test_an_address_is_given_where_somebody_needs_one():
    """By the manifest, by a call to a command, or where a service names its own."""
    made = plan(
        service("plain"),
        service("wants", address=Address(port=8080)),
        service("named"),
        service("reads", environment={"X": "{services.named.url}"}),
        service("node", command="node x.js"),
        service("calls", calls=("node",)),
        service("itself", environment={"MY_URL": "{services.itself.url}"}),
    )

    with_address = {s.name for s in made.services if s.address}
    assert with_address == {"wants", "node", "itself"}


def test_a_pair_has_an_address_where_a_variable_of_one_names_the_other():
    """Unless the other declares one; in a part of a site, it may not even run."""
    site = (
        service("declares", address=Address()),
        service("named"),
        service(
            "reads",
            environment={
                "A": "{services.named.url}/a",
                "B": "{services.named.host}:{services.named.port}",
                "C": "{services.declares.url}",
                "D": "{services.reads.url}",
            },
        ),
        service("too", environment={"A": "{services.named.url}"}),
    )

    assert plan(*site).pairs == (("reads", "named"), ("too", "named"))
    part = plan(*site, only=frozenset({"too"}))
    assert part.pairs == (("too", "named"),)


@pytest.mark.parametrize(
    ("fields", "replaces"),
    [
        ({}, False),
        ({"reload": "replace"}, True),
        ({"command": "x", "address": Address(port=8080)}, True),
        ({"command": "x"}, False),
        ({"address": Address(port=8080)}, False),
    ],
)
def test_what_owns_a_port_or_says_so_is_replaced(fields, replaces):
    """Two of them must never be there at once."""
    assert plan(service("one", **fields)).service("one").replaces is replaces


EVERY_ADDRESS = {"command": "x", "address": Address(port=80, host="0.0.0.0")}


@pytest.mark.parametrize("networks", [True, False])
def test_what_insists_on_every_address_has_a_network_if_the_kernel_has_one(networks):
    """There it owns no port of the machine, so that the new starts beside the old."""
    made = plan(
        service("one", processes={"mail": "y"}, **EVERY_ADDRESS), networks=networks
    )

    assert made.service("one").network is networks
    assert made.service("one").replaces is not networks
    assert not made.service("one.mail").network


def test_processes_are_companions_of_their_service():
    """A program beside a service starts after its migrations and is never called."""
    made = plan(
        service("shop", tasks={"migrate": "x"}, processes={"mail": "python mail.py"})
    )

    companion = made.service("shop.mail")
    assert companion.launch == "companion"
    assert companion.command == "python mail.py"
    assert companion.after == ("shop",)
    assert made.known == ("shop",)


def test_callers_come_after_the_migrations_of_what_they_call():
    """Not after those of everybody."""
    made = plan(
        service("db", tasks={"migrate": "x"}),
        service("caller", calls=("db",)),
        service("other"),
    )

    assert made.service("caller").after == ("db",)
    assert made.service("other").after == ()


def test_where_nothing_can_be_forked_every_worker_is_a_plain_process():
    """As on macOS."""
    made = plan(service("a"), service("b", isolated=True), forks=False)

    assert {s.launch for s in made.services} == {"isolated"}


def test_a_part_of_the_site_knows_the_rest_by_name():
    """`up storefront` plans for less, and calls still tell a name from a typo."""
    made = plan(service("a"), service("b"), only=frozenset({"a"}))

    assert [s.name for s in made.services] == ["a"]
    assert made.known == ("a", "b")


GROUPED = (
    service("cart", workers=2, drain=3.0, processes={"mail": "python mail.py"}),
    service("catalog", drain=20.0),
    service("reviews"),
)
GROUPS = {"web": ("catalog", "cart")}


def units(made):
    """Each unit's members, by its name; a group's name with a star."""
    return {f"{u.name}{'*' * u.group}": u.names for u in made.units}


def test_the_services_of_a_group_are_one_unit():
    """The programs beside them are not: those start and end by themselves."""
    made = plan(*GROUPED, groups=GROUPS)

    assert units(made) == {
        "web*": ("cart", "catalog"),
        "cart.mail": ("cart.mail",),
        "reviews": ("reviews",),
    }


def test_a_group_has_the_most_that_a_member_asks_for():
    """Workers, and time to stop."""
    (web, *_) = plan(*GROUPED, groups=GROUPS).units

    assert (web.workers, web.drain, web.launch) == (2, 20.0, "fork")


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"wire": True}, {"cart", "catalog", "cart.mail", "reviews"}),
        ({"alone": "cart"}, {"cart", "web*", "cart.mail", "reviews"}),
        ({"only": frozenset({"cart"})}, {"web*", "cart.mail"}),
    ],
)
def test_who_is_taken_out_of_a_group_is_a_unit_again(options, found):
    """All of them for the wire, or one; the only member that runs is a group still."""
    assert set(units(plan(*GROUPED, groups=GROUPS, **options))) == found


def test_a_database_that_is_given_has_no_server_of_the_engine():
    """It is used as it is; the others of its engine share the site's server."""
    made = plan(
        service("a", databases={"main": "postgresql"}, urls={"main": "env:DB"}),
        service("b", databases={"main": "postgresql"}),
    )

    given, shared = made.servers
    assert (given.key, given.url, given.as_it_is) == (
        *("postgresql.a.main", "env:DB", True),
    )
    assert (shared.key, shared.url, shared.as_it_is) == ("postgresql", None, False)


def test_files_of_migrations_are_migrations_too():
    """Callers come after them, and each database knows its folder."""
    folder = Path("/shop/services/db/migrations")
    made = plan(
        service("db", databases={"main": "postgresql"}, scripts={"main": folder}),
        service("caller", calls=("db",)),
    )

    assert made.service("caller").after == ("db",)
    assert [database.scripts for database in made.databases] == [folder]
