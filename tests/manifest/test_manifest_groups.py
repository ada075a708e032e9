"""Who may share a process: what is refused, and where it is written."""

import pytest

from sites_on_disk import APP, lines, service, write


GROUP = "site.toml:2: groups.web"
TWO = '[groups]\nweb = ["one", "two"]\n'


def grouped(**others):
    """Two grouped services; files of `two` come by their place, with `/` as `__`."""
    files = {"site.toml": TWO, **service("one")}
    made = {f"services/two/{k.replace('__', '/')}.py": v for k, v in others.items()}
    return {**files, **(made or service("two"))}


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        ('command = "node x"', "it is a command"),
        ("isolated = true", "it is `isolated`"),
        ('server = "threaded"', "it has the `threaded` server"),
        (
            'reload = "replace"',
            'it must end before it starts anew (`reload = "replace"`)',
        ),
        ('app = "two.asgi:application"', "it is an ASGI application"),
    ],
)
def test_what_the_manifest_says_keeps_a_service_out(tmp_path, manifest, reason):
    """With the place where the group names it."""
    files = {"site.toml": TWO, **service("one"), **service("two", manifest)}

    found = lines(write(tmp_path, files))

    assert found == [
        f"{GROUP}[1]: `two` cannot share a process: {reason} | remove it from the group"
    ]


@pytest.mark.parametrize("app", ["/../a", "/", "../../x.y", "x" * 300])
def test_what_is_no_module_is_looked_for_nowhere(tmp_path, app):
    """A member whose application is told wrongly is refused for that alone."""
    files = {"site.toml": TWO, **service("one"), **service("two", f'app = "{app}"')}

    found = lines(write(tmp_path, files))

    assert [line.partition(" |")[0] for line in found] == (
        []
        if app.isidentifier()
        else [f"services/two/service.toml:1: app: `{app}` is no module"]
    )


@pytest.mark.parametrize(
    "code",
    [
        "from fastapi import FastAPI\napp = FastAPI()\n",
        "import quart\napp = quart.Quart(__name__)\n",
        (
            "from starlette.applications import Starlette as S\n\n"
            "def create_app():\n    return S()\n"
        ),
        (
            "from django.core.asgi import get_asgi_application\n"
            "application = get_asgi_application()\n"
        ),
    ],
)
def test_what_the_code_says_keeps_a_service_out(tmp_path, code):
    """An ASGI application is known by what it is made of."""
    (found,) = lines(write(tmp_path, grouped(app=code)))

    assert "`two` cannot share a process: it is an ASGI application" in found


@pytest.mark.parametrize(
    "code",
    [
        APP,
        "import fastapi  # for its types\n" + APP,
        "from fastapi import FastAPI\n" + APP + "def other():\n    return FastAPI()\n",
        "def broken(:\n",
    ],
)
def test_a_wsgi_application_may_share(tmp_path, code):
    """Also one that mentions another framework, or is just being written."""
    assert lines(write(tmp_path, grouped(app=code))) == []


def test_the_same_service_outside_of_a_group_has_no_fault(tmp_path):
    """The rules are about sharing alone."""
    files = grouped(app="from fastapi import FastAPI\napp = FastAPI()\n")
    files["site.toml"] = '[groups]\nweb = ["one"]\n'

    assert lines(write(tmp_path, files)) == []


def test_a_group_has_a_name_of_its_own(tmp_path):
    """Its log would be that of the service."""
    files = {"site.toml": '[groups]\none = ["one"]\n', **service("one")}

    assert lines(write(tmp_path, files)) == [
        (
            "site.toml:2: groups.one: `one` is the name of a service too | "
            "give the group a name of its own"
        )
    ]


def test_a_group_has_64_members_at_most(tmp_path):
    """As many as a worker takes."""
    names = [f"s{number}" for number in range(65)]
    files = {"site.toml": f"[groups]\nweb = {names}\n"}
    for name in names:
        files |= service(name)

    assert lines(write(tmp_path, files)) == [
        (
            f"{GROUP}: has 65 services, and a process holds 64 at most | "
            "make two groups of it"
        )
    ]


def test_one_django_project_at_most(tmp_path):
    """Django's settings are one to a process."""
    files = {"site.toml": TWO}
    for name in ("one", "two"):
        files |= {
            f"services/{name}/manage.py": "",
            f"services/{name}/project_{name}/wsgi.py": "application = None\n",
        }

    assert lines(write(tmp_path, files)) == [
        (
            f"{GROUP}[1]: `one` and `two` are Django projects, and a process can have one | "
            "remove one from the group"
        )
    ]


USES_CONFIG = "import config\n" + APP


@pytest.mark.parametrize(
    ("one", "two", "name"),
    [
        ({"app": USES_CONFIG, "config": ""}, {"app": APP, "config": ""}, "config"),
        (
            {"app": "from models.a import A\n" + APP, "models/__init__": ""},
            {"app": APP, "models": ""},
            "models",
        ),
        (
            {"one/__init__": "from . import views\n" + APP, "one/views": "import db"},
            {"app": APP, "db": ""},
            None,
        ),
        (
            {
                "one/__init__": "from . import views\n" + APP,
                "one/views": "def f():\n    import db",
                "db": "",
            },
            {"app": APP, "src/db/__init__": ""},
            "db",
        ),
        ({"app": APP}, {"app": APP, "one": ""}, "one"),
        ({"shop/__init__": APP}, {"shop/__init__": APP}, "shop"),
        ({"app": USES_CONFIG, "app/none": ""}, {"app": APP, "config": ""}, None),
        ({"app": APP, "config": ""}, {"app": APP, "config": ""}, None),
        (
            {"app": APP, "conftest": "", "tests/a": ""},
            {"app": APP, "conftest": ""},
            None,
        ),
        (
            {
                "one/__init__": APP,
                "one/config": "",
                "one/models": "from . import config",
            },
            {"two/__init__": "from . import config\n" + APP, "two/config": ""},
            None,
        ),
        ({"app": "from app import x\n" + APP}, {"app": APP}, None),
        ({"app": APP + "\ndef f(:\n", "config": ""}, {"app": APP, "config": ""}, None),
    ],
)
def test_modules_of_one_name(tmp_path, one, two, name):
    """A fault if one of the two is imported: the second would get the first one's."""
    files = {"site.toml": TWO}
    for service_name, own in (("one", one), ("two", two)):
        files |= {f"services/{service_name}/{n}.py": text for n, text in own.items()}

    found = lines(write(tmp_path, files))

    if name is None:
        assert found == []
    else:
        assert len(found) == 1
        assert found[0].startswith(
            f"{GROUP}[1]: `one` and `two` both have a module `{name}` (`services/one/"
        )
        assert found[0].endswith(
            "| move the modules of `two` into a package, such as `two/`, or remove it "
            "from the group"
        )
