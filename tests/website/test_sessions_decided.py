"""What the plan and the supervisor decide of sessions, and what frameworks make of it."""

import subprocess
import sys
from pathlib import Path

import pytest

from glassware.environment import Settings
from glassware.model import Route, Service, Site
from glassware.plan import make_plan
from glassware.runner.keys import cookie_key
from glassware.runner.secret_keys import change_key, other_keys, secret_key
from glassware.runner.session_remarks import session_remarks
from glassware.runner.state import State
from glassware.tokens import Key
from glassware.website.sessions.config import settle
from sites_on_disk import lines, service, write


def plan(**services):
    """The plan of a site: the services' calls, hosts and paths."""
    made = (
        Service(
            name=name,
            folder=Path("/site") / name,
            app="app.py",
            calls=told.get("calls", ()),
            routes=tuple(Route(path=p, host=told.get("host")) for p in told["paths"]),
        )
        for name, told in services.items()
    )
    return make_plan(Site(folder=Path("/site"), name="site", services=tuple(made)))


@pytest.mark.parametrize(
    ("paths", "calls", "expected"),
    [
        (("/cart",), (), "/cart"),
        (("/cart/",), (), "/cart"),
        (("/",), (), ""),
        ((), (), ""),
        (("/cart", "/basket"), (), "/"),
        (("/cart",), ("cart",), "/"),
        (("/",), ("cart",), "/"),
    ],
)
def test_the_path_of_a_services_cookies(paths, calls, expected):
    """Its prefix; all of the site for several, and for one that pages may ask."""
    made = plan(cart={"paths": paths}, storefront={"paths": ("/s",), "calls": calls})

    assert made.cookie_path("cart") == expected


def test_a_key_of_the_sites_session_has_one_owner(tmp_path):
    """Two services that both share it are told."""
    site = write(
        tmp_path,
        {
            **service("a", 'shares = ["theme", "language"]'),
            **service("b", 'shares = ["theme"]'),
        },
    )

    assert lines(site) == [
        (
            "services/b/service.toml:1: shares[0]: `theme` is shared by `a` already | "
            "call it otherwise, or let one of the two write it alone"
        )
    ]


def session(cookie, path):
    """What a worker says of an application."""
    return {"session": {"cookie": cookie, "path": path}}


def test_sessions_on_different_hosts_do_not_meet():
    """Browsers keep the cookies of hosts apart."""
    told = {"a": session("sid", "/"), "b": session("sid", "/")}
    apart = plan(
        a={"paths": ("/",), "host": "a.test"}, b={"paths": ("/",), "host": "b.test"}
    )
    together = plan(a={"paths": ("/",), "host": "a.test"}, b={"paths": ("/b",)})

    assert not list(session_remarks(apart, told))
    assert len(list(session_remarks(together, told))) == 1


def test_paths_that_only_begin_alike_do_not_meet():
    """A path ends where a segment does."""
    told = {"a": session("sid", "/cart"), "b": session("sid", "/carts")}

    assert not list(
        session_remarks(plan(a={"paths": ("/cart",)}, b={"paths": ("/carts",)}), told)
    )


@pytest.fixture
def state(tmp_path):
    """The state of a site that runs."""
    kept = State(tmp_path)
    kept.claim()
    yield kept
    kept.release()


def test_a_new_key_is_accepted_before_anybody_signs_with_it(state):
    """And the one before is accepted for as long as it is the last but one."""
    first = secret_key(state, "cart")
    assert other_keys(state, "cart") == ""

    change_key(state, "cart", "announce")
    announced = other_keys(state, "cart")
    assert secret_key(state, "cart") == first

    change_key(state, "cart", "take")
    assert announced == f'["{secret_key(state, "cart")}"]'
    assert other_keys(state, "cart") == f'["{first}"]'

    change_key(state, "cart", "announce")
    assert first not in other_keys(state, "cart")


def test_what_services_share_is_signed_with_keys_that_outlive_the_site(state):
    """The same secret gives the same pair; the public half verifies the private one."""
    secret = state.credential("cookie key cart")
    pair = cookie_key(secret)

    assert pair == cookie_key.__wrapped__(secret)
    assert Key(pair.private).public == pair.public
    assert pair != cookie_key(state.credential("cookie key shop"))
    assert pair.private not in repr(pair)


def test_quart_has_the_same_settings():
    """Its cookie, path and key are the service's."""
    quart = pytest.importorskip("quart")
    config = quart.Quart("q").config
    said = Settings(service="chat", cookie_path="/chat", url="https://shop.test")
    settle(config, said, {"SECRET_KEY": "k" * 32})

    assert config["SESSION_COOKIE_NAME"] == "chat_session"
    assert config["SESSION_COOKIE_PATH"] == "/chat"
    assert config["SESSION_COOKIE_SECURE"] is True
    assert config["SECRET_KEY"] == "k" * 32
    assert config["REMEMBER_COOKIE_NAME"] == "chat_remember_token"


PROJECT = """
import sys
from django.conf import settings
settings.configure(SECRET_KEY="k" * 32, {chosen})
from glassware.environment import Settings
from glassware.website.sessions.django import settle_project
said = Settings(service="blog", cookie_path="{path}", url="https://shop.test")
variables = {{"SECRET_KEY": "k" * 32, "SECRET_KEY_FALLBACKS": '["older"]'}}
settle_project(settings, said, variables)
print(settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_PATH,
      settings.CSRF_COOKIE_NAME, settings.CSRF_COOKIE_PATH,
      settings.SESSION_COOKIE_SECURE, settings.SECRET_KEY_FALLBACKS)
"""


@pytest.mark.parametrize(
    ("path", "chosen", "expected"),
    [
        ("/blog", "", "blog_session /blog csrftoken /blog True ['older']"),
        ("/", "", "blog_session / blog_csrftoken / True ['older']"),
        ("", "", "blog_session / csrftoken / True ['older']"),
        (
            "/",
            (
                'SESSION_COOKIE_NAME="mine", CSRF_COOKIE_NAME="token", '
                'SESSION_COOKIE_PATH="/x", SESSION_COOKIE_SECURE=False'
            ),
            "mine /x token / False ['older']",
        ),
    ],
)
def test_django_has_cookies_of_its_own(path, chosen, expected):
    """What its project has written stays."""
    code = PROJECT.format(path=path, chosen=chosen)
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert said.stdout.strip() == expected
