"""Every mistake is reported with its file, its line, its field and a way out."""

import os
from pathlib import Path

import pytest

from glassware.model import ENGINES
from sites_on_disk import APP, faults, lines, service, write


def lone(manifest: str, *others: str) -> dict[str, str]:
    """Return a site with the service `a`, its manifest, and other services."""
    files = service("a", manifest)
    for name in others:
        files |= service(name)
    return files


A = "services/a/service.toml"
ENGINES_THERE = ", ".join(f"`{name}`" for name in ENGINES)

CASES = {
    "unknown key": (
        lone("wokers = 2"),
        [f"{A}:1: wokers: is no key of this table | did you mean `workers`?"],
    ),
    "unknown key in a table": (
        lone('[[routes]]\npath = "/a"\n\n[[routes]]\npath = "/b"\nmax_boddy = 1'),
        [
            f"{A}:6: routes[1].max_boddy: is no key of this table | did you mean `max_body`?"
        ],
    ),
    "the model's own spelling": (
        lone('[[routes]]\nexcept_ = ["/x"]'),
        [f"{A}:2: routes[0].except_: is no key of this table | did you mean `except`?"],
    ),
    "a key that is no one's": (
        {**lone(""), "site.toml": "[gateway]\nqqq = 1"},
        [
            (
                "site.toml:2: gateway.qqq: is no key of this table | "
                "there are `bind`, `cors`, `domain`, `hosts`, `port`, `tls`"
            )
        ],
    ),
    "a key of the other file": (
        {**lone("groups = {}"), "site.toml": "databases.main = 'redis'"},
        [
            f"{A}:1: groups: is no key of this table | it belongs in `site.toml`",
            (
                "site.toml:1: databases: is no key of this table | "
                "it belongs in `service.toml` or below `[services.NAME]`"
            ),
        ],
    ),
    "path in service.toml": (
        {**service("a"), "site.toml": "services.a.pth = '.'"},
        ["site.toml:1: services.a.pth: is no key of this table | did you mean `path`?"],
    ),
    "wrong types": (
        lone('workers = "2"\nfast = 1\ncalls = "b"\n[environment]\nA = 1\n'),
        [
            f"{A}:1: workers: must be a whole number, not text | None",
            f"{A}:2: fast: must be `true` or `false`, not a whole number | None",
            f"{A}:3: calls: must be a list, not text | write a list",
            f'{A}:5: environment.A: must be text in quotes, not a whole number | write `"1"`',
        ],
    ),
    "tables and lists": (
        lone('databases = "x"\n[routes]\npath = "/a"\n'),
        [
            f"{A}:1: databases: must be a table, not text | None",
            (
                f"{A}:2: routes: must be a list of tables, not a table | "
                "write tables, each under `[[routes]]`"
            ),
        ],
    ),
    "limits": (
        lone(
            "workers = 0\ndrain = -1\n[[routes]]\ntimeout = 0\nmax_body = 5_000_000_000"
        ),
        [
            f"{A}:1: workers: must be at least 1 and at most 64, not 0 | None",
            f"{A}:2: drain: must be at least 0 and at most 86400, not -1 | None",
            f"{A}:4: routes[0].timeout: must be more than 0 and at most 86400, not 0 | None",
            (
                f"{A}:5: routes[0].max_body: must be at least 0 and at most 4294967295, "
                "not 5000000000 | None"
            ),
        ],
    ),
    "numbers that are none": (
        lone("drain = nan\n[[routes]]\ntimeout = inf"),
        [
            f"{A}:1: drain: must be at least 0 and at most 86400, not nan | None",
            f"{A}:3: routes[0].timeout: must be more than 0 and at most 86400, not inf | None",
        ],
    ),
    "choices": (
        lone('reload = "replacing"\nserver = 5'),
        [
            (
                f"{A}:1: reload: must be one of `overlap`, `replace`, not `replacing` | "
                "did you mean `replace`?"
            ),
            f"{A}:2: server: must be one of `granian`, `threaded`, not a whole number | None",
        ],
    ),
    "control characters": (
        lone('app = "a\\u0000b"\n[environment]\nA = "x\\u001b"'),
        [
            f"{A}:1: app: holds the control character `U+0000` | None",
            f"{A}:3: environment.A: holds the control character `U+001B` | None",
        ],
    ),
    "calls to no service": (
        lone(
            'calls = [\n  "catalgo",\n  "x",\n  "catalog",\n  "catalog",\n]', "catalog"
        ),
        [
            f"{A}:2: calls[0]: `catalgo` is no service of this site | did you mean `catalog`?",
            (
                f"{A}:3: calls[1]: `x` is no service of this site | "
                "the services are `a`, `catalog`"
            ),
            f"{A}:5: calls[3]: `catalog` is there twice | remove one",
        ],
    ),
    "the right element among wrong ones": (
        lone('calls = [1, "b", 2, "c"]', "b"),
        [
            f'{A}:1: calls[0]: must be text in quotes, not a whole number | write `"1"`',
            f'{A}:1: calls[2]: must be text in quotes, not a whole number | write `"2"`',
            f"{A}:1: calls[3]: `c` is no service of this site | the services are `a`, `b`",
        ],
    ),
    "variables that refer to nothing": (
        lone(
            '[databases]\nmain = "redis"\n[environment]\n'
            'A = "{services.b.url}"\nB = "{databases.mian.url}"\n'
            'C = "{services.a.urll} {databases.main.pasword}"\n'
            'D = "{services.a} {service.a.url}"\nE = "{json} {}"\n1F = ""'
        ),
        [
            (
                f"{A}:4: environment.A: `{{services.b.url}}`: `b` is no service of this site | "
                "the services are `a`"
            ),
            (
                f"{A}:5: environment.B: `{{databases.mian.url}}`: `a` declares no such "
                "database | did you mean `main`?"
            ),
            (
                f"{A}:6: environment.C: `{{services.a.urll}}`: there is no field `urll` | "
                "did you mean `url`?"
            ),
            (
                f"{A}:6: environment.C: `{{databases.main.pasword}}`: there is no field "
                "`pasword` | did you mean `password`?"
            ),
            (
                f"{A}:7: environment.D: `{{services.a}}` is no reference | write "
                "`{services.NAME.url}`, `{databases.NAME.url}` or `{secret.NAME}`, or another "
                "field than `url`"
            ),
            (
                f"{A}:7: environment.D: `{{service.a.url}}` is no reference | write "
                "`{services.NAME.url}`, `{databases.NAME.url}` or `{secret.NAME}`, or another "
                "field than `url`"
            ),
            (
                f"{A}:9: environment.1F: must be a variable's name of letters, digits and `_`, "
                "not `1F` | None"
            ),
        ],
    ),
    "unknown engines": (
        {
            **lone('[databases]\na = "postgres"\nb = "valkey"\nc = "oracle"'),
            "site.toml": '[engines.mysql]\nurl = "nowhere"\n[engines.redis]\nurl = "env:1"',
        },
        [
            f"{A}:2: databases.a: `postgres` is no known engine | did you mean `postgresql`?",
            f"{A}:3: databases.b: `valkey` is no known engine | did you mean `redis`?",
            (
                f"{A}:4: databases.c: `oracle` is no known engine | "
                f"there are {ENGINES_THERE}"
            ),
            (
                "site.toml:1: engines.mysql: `mysql` is no known engine | "
                f"there are {ENGINES_THERE}"
            ),
            (
                "site.toml:2: engines.mysql.url: is no URL | write "
                "`mysql://USER:PASSWORD@HOST:PORT`, or `env:NAME`"
            ),
            "site.toml:4: engines.redis.url: `env:1` names no variable | write `env:NAME`",
        ],
    ),
    "database names": (
        lone('[databases]\na-b = "redis"\na_b = "redis"\n"A b" = "redis"'),
        [
            (
                f"{A}:3: databases.a_b: `a_b` and `a-b` are one name in variables, `A_B` | "
                "rename one database"
            ),
            (
                f'{A}:4: databases."A b": must be a name of lower-case letters, digits and '
                "single `-` or `_`, not `A b` | None"
            ),
        ],
    ),
    "two services on one route": (
        {
            **service("a", '[[routes]]\npath = "/x"\nhost = "shop.example"'),
            **service("b", 'route = "/x"'),
            **service("c", '[[routes]]\npath = "/x"\nhost = "Shop.Example"'),
        },
        [
            (
                "services/c/service.toml:2: routes[0].path: `Shop.Example/x` already leads to "
                f"`a` ({A}:2) | give one of them another path or `host`"
            ),
        ],
    ),
    "route and routes": (
        lone('route = "/x"\n[[routes]]\npath = "/y"'),
        [
            (
                f"{A}:1: route: is given together with `routes` | "
                "write one `[[routes]]` table for each route, or only `route`"
            )
        ],
    ),
    "host with a port": (
        lone('[[routes]]\nhost = "shop.example:80"'),
        [
            (
                f"{A}:2: routes[0].host: must be a host name such as `shop.example`, or "
                "one with a final dot such as `api.`, which is below the site's `domain`, "
                "not `shop.example:80` | None"
            )
        ],
    ),
    "rule patterns": (
        lone('[[routes]]\nonly = ["/ok", "api/<id>"]'),
        [
            (
                f"{A}:2: routes[0].only[1]: `api/<id>` does not begin with `/` | "
                "write `/api/<id>`, as below the route's path"
            )
        ],
    ),
    "no application": (
        {A: 'route = "/a"'},
        [
            (
                f"{A}: app: no application found in `services/a` | add `app.py`, or write "
                '`app = "module:name"` or `command = "…"` in its `service.toml`'
            )
        ],
    ),
    "application and command": (
        lone('app = "app.py"\ncommand = "node x"'),
        [f"{A}:2: command: is given together with `app` | remove one"],
    ),
    "applications that cannot be": (
        {
            **lone('app = "nothing.py"'),
            **service("b", 'app = "b/c"'),
            **service("c", 'app = "c:create app"'),
        },
        [
            (
                f"{A}:1: app: there is no file `nothing.py` in `services/a` | write "
                "`module:name`, `module`, or a file in the folder such as `app.py`"
            ),
            (
                "services/b/service.toml:1: app: `b/c` is no module | write "
                "`module:name`, `module`, or a file in the folder such as `app.py`"
            ),
            (
                "services/c/service.toml:1: app: `create app` is no name in a module | write "
                "`module:name`, `module`, or a file in the folder such as `app.py`"
            ),
        ],
    ),
    "commands": (
        lone("[tasks]\nmigrate = \"echo 'x\"\n[processes]\nworker = ' '"),
        [
            f"{A}:2: tasks.migrate: cannot be split into words: no closing quotation | None",
            f"{A}:4: processes.worker: must not be empty | None",
        ],
    ),
    "groups": (
        {
            **service("plain"),
            **service("own"),
            "services/own/requirements.txt": "",
            **service("node", 'command = "node x"'),
            **service("alone", "isolated = true"),
            "services/async/asgi.py": "",
            "site.toml": "[groups]\nx = ['plain', 'own', 'node', 'alone', 'async']\n"
            "y = ['plain', 'plian', 'node', 'node']",
        },
        [
            (
                "site.toml:2: groups.x[1]: `own` cannot share a process: it has its own "
                "`requirements.txt` | remove it from the group"
            ),
            (
                "site.toml:2: groups.x[2]: `node` cannot share a process: it is a command | "
                "remove it from the group"
            ),
            (
                "site.toml:2: groups.x[3]: `alone` cannot share a process: it is `isolated` | "
                "remove it from the group"
            ),
            (
                "site.toml:2: groups.x[4]: `async` cannot share a process: it is an ASGI "
                "application | remove it from the group"
            ),
            (
                "site.toml:3: groups.y[1]: `plian` is no service of this site | "
                "did you mean `plain`?"
            ),
            "site.toml:3: groups.y[3]: `node` is there twice | remove one",
            (
                "site.toml:3: groups.y[0]: `plain` is in the group `x` already | "
                "a service runs in one process: remove it from one group"
            ),
            (
                "site.toml:3: groups.y[2]: `node` is in the group `x` already | "
                "a service runs in one process: remove it from one group"
            ),
            (
                "site.toml:3: groups.y[3]: `node` is in the group `x` already | "
                "a service runs in one process: remove it from one group"
            ),
            (
                "site.toml:3: groups.y[2]: `node` cannot share a process: it is a command | "
                "remove it from the group"
            ),
            (
                "site.toml:3: groups.y[3]: `node` cannot share a process: it is a command | "
                "remove it from the group"
            ),
        ],
    ),
    "service names": (
        {**service("a-b"), **service("a_b"), **service("Big Shop")},
        [
            (
                "services/Big Shop: the service's name must be a name of lower-case letters, "
                "digits and single `-` or `_`, not `Big Shop` | rename its folder, such as to "
                '`big-shop`, or write `[services.big-shop]` with `path = "…"` in `site.toml`'
            ),
            (
                "services/a_b: `a_b` and `a-b` are one name in variables, `A_B` | "
                "rename one service"
            ),
        ],
    ),
    "fixed ports": (
        {
            "site.toml": "gateway.port = 8080",
            **service("a", "address.port = 5000"),
            **service("b", "address.port = 5000"),
            **service("c", 'address = { port = 5000, host = "own" }'),
            **service("d", 'address = { port = 5000, host = "own" }'),
            **service("e", 'address = { port = 8080, host = "0.0.0.0" }'),
            **service("f", 'address = { port = 9, host = "192.168.1.1" }'),
            **service("g", "address.port = 8080"),
            **service(
                "h", 'command = "x"\naddress = { port = 8080, host = "0.0.0.0" }'
            ),
            **service(
                "i", 'command = "x"\naddress = { port = 8080, host = "0.0.0.0" }'
            ),
        },
        [
            (
                "services/b/service.toml:1: address.port: port 5000 is `a`'s, and `b` asks for "
                'it too | write `host = "own"` below `[address]`, where the program can be told'
            ),
            (
                "services/e/service.toml:1: address.host: `0.0.0.0` is for a `command`, and "
                "`e` is an application | leave it out"
            ),
            (
                "services/f/service.toml:1: address.host: `192.168.1.1` is no address that a "
                "service can have | write `own`, `127.0.0.1` or `0.0.0.0`"
            ),
            (
                "services/g/service.toml:1: address.port: port 8080 is `the gateway`'s, and `g` "
                'asks for it too | write `host = "own"` below `[address]`, where the program '
                "can be told"
            ),
        ],
    ),
    "host names": (
        {
            "site.toml": 'gateway = { hosts = ["shop.example"], bind = "here" }',
            **service("a", 'address.names = ["users", "localhost"]'),
            **service("b", 'address.names = ["Users", "b", "b", "shop.example", "_"]'),
        },
        [
            (
                f"{A}:1: address.names[1]: `localhost` already leads to `the site` | "
                "give it another name"
            ),
            (
                "services/b/service.toml:1: address.names[4]: must be a host name such as "
                "`shop.example`, without a port, not `_` | None"
            ),
            (
                "services/b/service.toml:1: address.names[0]: `Users` already leads to `a` | "
                "give it another name"
            ),
            (
                "services/b/service.toml:1: address.names[2]: `b` already leads to `b` | "
                "give it another name"
            ),
            (
                "services/b/service.toml:1: address.names[3]: `shop.example` already leads to "
                "`the site` | give it another name"
            ),
            (
                "site.toml:1: gateway.bind: `here` is no address | write `127.0.0.1`, or "
                "`0.0.0.0` for every address"
            ),
        ],
    ),
    "services that are nowhere": (
        {
            **service("a", 'calls = ["b", "c"]'),
            "site.toml": '[services.b]\npath = "../b"\n[services.c]\nworkers = 2',
        },
        [
            (
                "site.toml:2: services.b.path: there is no folder `../b` | "
                'write `path = "…"` with the folder of the service'
            ),
            (
                "site.toml:3: services.c: there is no folder `services/c` | "
                'write `path = "…"` with the folder of the service'
            ),
        ],
    ),
    "services that are no tables": (
        {
            **service("a", 'calls = ["b"]'),
            "site.toml": "services.a = 1\nservices.b = []",
        },
        [
            "site.toml:1: services.a: must be a table, `[services.a]` | None",
            (
                "site.toml:2: services.b: there is no folder `services/b` | "
                'write `path = "…"` with the folder of the service'
            ),
            "site.toml:2: services.b: must be a table, `[services.b]` | None",
        ],
    ),
    "services that is no table": (
        {**service("a"), "site.toml": "services = 1"},
        ["site.toml:1: services: must be a table, `[services.NAME]` | None"],
    ),
    "malformed": (
        {**service("a", "route = '/x'\nroute = '/y'\n\n"), "site.toml": "\n[gateway\n"},
        [
            f"{A}:2: is no valid TOML: cannot overwrite a value | None",
            (
                "site.toml:2: is no valid TOML: expected ']' at the end of a table declaration "
                "| None"
            ),
        ],
    ),
    "a name that is no name": (
        {**service("a"), "site.toml": 'name = "My Shop\\n"'},
        [
            (
                "site.toml:1: name: must be a name of lower-case letters, digits and single "
                "`-` or `_`, not `My Shop\n` | None"
            )
        ],
    ),
    "a name with a line break": (
        {**service("a"), "site.toml": 'name = "shop\\n"'},
        ["site.toml:1: name: ends with a line break | None"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_fault(tmp_path: Path, case: str):
    """The mistake is reported as a whole, and nothing besides."""
    files, expected = CASES[case]
    shop = write(tmp_path / "shop", files)

    found = [line.replace(f"{tmp_path}/", "../") for line in lines(shop)]

    assert found == expected


@pytest.mark.parametrize(
    ("path", "what", "hint"),
    [
        ("catalog", "does not begin with `/`", "write `/catalog`"),
        ("", "does not begin with `/`", "write `/`"),
        ("/catalog/", "holds an empty segment or ends with `/`", "write `/catalog`"),
        ("//a", "holds an empty segment or ends with `/`", "write `/a`"),
        ("/a/../b", "holds a `.` or `..` segment", None),
        ("/.", "holds a `.` or `..` segment", None),
        ("/a?b=c", "holds a query or a fragment", "write `/a`"),
        ("/a#b", "holds a query or a fragment", "write `/a`"),
        ("/a b", "holds a character that no prefix can", None),
        ("/a%2e", "holds a character that no prefix can", None),
        ("/a\\\\b", "holds a character that no prefix can", None),
        ("/käse", "holds a character that no prefix can", None),
        ("/a*", None, None),
        ("/", None, None),
        ("/a.b/~c/d-e_f:1@2", None, None),
        ("/...", None, None),
    ],
)
def test_route_path(tmp_path: Path, path: str, what: str | None, hint: str | None):
    """A route's path is a plain prefix; otherwise it is said what to write."""
    write(tmp_path, service("a", f'route = "{path}"'))
    found = faults(tmp_path)

    assert [fault.what for fault in found] == ([what] if what else [])
    if hint:
        assert [fault.hint for fault in found] == [hint]


def test_all_in_one_run(tmp_path: Path):
    """Every fault of every file comes in one run, in the order of files and lines."""
    files: dict[str, str] = {}
    for case in ("wrong types", "unknown key"):
        files |= CASES[case][0]
    files |= service("b", 'calls = ["nobody"]\nwokers = 1')
    files["site.toml"] = "x = 1\ny = 2\nz = ["
    write(tmp_path, files)

    found = faults(tmp_path)

    assert [(fault.file.parent.name, fault.line) for fault in found] == [
        ("a", 1),
        ("b", 1),
        ("b", 2),
        (tmp_path.name, 3),
    ]


def test_a_broken_file_hides_no_other(tmp_path: Path):
    """A service whose manifest cannot be read still is a service to its callers."""
    files = {A: "[[[", **service("b", 'calls = ["a"]\nworkers = 0')}
    write(tmp_path, files)

    assert lines(tmp_path) == [
        f"{A}:1: is no valid TOML: invalid initial character for a key part | None",
        "services/b/service.toml:2: workers: must be at least 1 and at most 64, not 0 | None",
    ]


def test_call_cycles_are_allowed(tmp_path: Path):
    """Two services may call each other."""
    write(tmp_path, {**service("a", 'calls = ["b"]'), **service("b", 'calls = ["a"]')})

    assert faults(tmp_path) == ()


def test_a_renamed_folder(tmp_path: Path):
    """A folder whose name cannot be a service's is given one by `path`."""
    files = {**service("Big"), "site.toml": '[services.big]\npath = "services/Big"'}

    assert lines(write(tmp_path, files)) == []


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return the folder of a site with one service and no manifest."""
    return write(tmp_path, {"services/a/app.py": APP})


def test_not_utf8(site: Path):
    """Text in another encoding has the line of its first odd byte."""
    (site / "site.toml").write_bytes(b"# x\nname = '\xe4'")
    assert lines(site) == ["site.toml:2: is not UTF-8: byte `0xe4` | save it as UTF-8"]


def test_utf8_with_a_mark(site: Path):
    """A byte order mark is no fault."""
    (site / "site.toml").write_bytes(b"\xef\xbb\xbfname = 'shop'")
    assert lines(site) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable(site: Path):
    """A file that may not be read is a fault."""
    (site / "site.toml").touch(mode=0)
    assert lines(site) == ["site.toml: cannot be read: permission denied | None"]


def test_a_folder(site: Path):
    """A folder in a manifest's place is a fault."""
    (site / A).mkdir()
    assert lines(site) == [f"{A}: cannot be read: it is not a file | None"]


def test_a_pipe(site: Path):
    """A pipe in a manifest's place is a fault, and is not waited for."""
    os.mkfifo(site / "site.toml")
    assert lines(site) == ["site.toml: cannot be read: it is not a file | None"]


def test_a_loop(site: Path):
    """Symbolic links in a circle are faults."""
    (site / "site.toml").symlink_to("site.toml")
    (site / "services/b").symlink_to("b")
    assert lines(site) == [
        (
            "services/b: is a symbolic link that leads nowhere | "
            "remove it, or let it point to the service's folder"
        ),
        "site.toml: cannot be read: too many levels of symbolic links | None",
    ]


def test_a_link_to_nowhere(site: Path):
    """A symbolic link to nothing is a fault."""
    (site / A).symlink_to("nowhere")
    assert lines(site) == [f"{A}: is a symbolic link that leads nowhere | None"]


def test_services_in_a_loop(site: Path):
    """A link to a folder above is not followed forever."""
    (site / "services/a/services").symlink_to("..")
    assert lines(site) == []


@pytest.mark.parametrize("unit", ["[", "{a=", "a.", "é", "\0", '"""', "[[a]]\n"])
def test_garbage(site: Path, unit: str):
    """A megabyte of anything is refused before long."""
    (site / "site.toml").write_text(unit * (1_000_000 // len(unit.encode())))
    found = faults(site)
    assert {fault.file.name for fault in found} == {"site.toml"}


def test_too_large(site: Path):
    """What is larger than anybody writes by hand is not read."""
    (site / "site.toml").write_text("#" * (1024 * 1024 + 1))
    assert lines(site) == [
        "site.toml: cannot be read: it is larger than 1024 KiB | None"
    ]


def test_nested_too_deep(site: Path):
    """Values in too many brackets are a fault."""
    (site / "site.toml").write_text(f"a = {'[' * 5000}{']' * 5000}")
    (fault,) = faults(site)
    assert "is no valid TOML" in fault.what


def test_a_number_with_too_many_digits(site: Path):
    """A number beyond Python's limit is a fault."""
    (site / "site.toml").write_text(f"gateway.port = {'9' * 5000}")
    (fault,) = faults(site)
    assert "is no valid TOML" in fault.what


def test_names_longer_than_the_system_allows(site: Path):
    """A name that no file can have is a fault."""
    name = "x" * 5000
    (site / "site.toml").write_text(f"services.{name}.path = '{name}'")
    assert {fault.file.name for fault in faults(site)} == {"site.toml"}
