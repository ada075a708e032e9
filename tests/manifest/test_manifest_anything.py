"""Whatever is written into manifests, it is loaded or refused with a place."""

from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glassware.errors import Fault
from glassware.manifest.build import site_name
from glassware.manifest.draft import Draft
from glassware.manifest.keys import Key, Shape, keys_of, service_keys, site_keys
from glassware.manifest.overlay import overlay
from glassware.manifest.read import read
from glassware.manifest.schema import site_schema
from glassware.model import Name, Site
from sites_on_disk import faults, service, write


WORDS = (
    *("a", "b", "a-b", "a_b", "A b", "", ".", "..", "main", "redis", "postgresql"),
    *("/", "/a", "/a/", "a/b", "/../a", "/ä", "/a?b", "app.py", "a:b", "x:y()", "own"),
    *("0.0.0.0", "127.0.0.1", "localhost", "shop.example", "env:X", "env:", "x://y"),
    *("{services.a.url}", "{services.z.x}", "{databases.main.url}", "{secret.X}"),
    *("{services.a}", "{", "echo 'x", "\0", "x\n", "é" * 50, "x" * 300, "replace"),
)

texts = st.sampled_from(WORDS) | st.text(max_size=5)
numbers = st.integers() | st.sampled_from([0, 1, 2, 80, 8080]) | st.floats()
oddities = st.sampled_from(["1979-05-27", "07:32:00", "[]", "{}", "[[1]]", "{ a = 1 }"])
scalars = st.one_of(
    texts.map(repr), numbers.map(str), st.sampled_from(["true", "false"])
)


def quoted(text: str) -> str:
    """Return text as TOML writes it."""
    inner = "".join(
        c if c.isalnum() or c in " /.{}:_-'" else f"\\U{ord(c):08x}" for c in text
    )
    return f'"{inner}"'


def values(shape: Shape) -> st.SearchStrategy[str]:
    """Return values that fit a shape more often than not."""
    if shape.table is not None:
        fitting = tables(keys_of(shape.table))
    elif shape.items is not None:
        fitting = st.lists(values(shape.items), max_size=3).map(
            lambda items: f"[{', '.join(items)}]"
        )
    elif shape.values is not None:
        fitting = pairs(texts, values(shape.values))
    else:
        fitting = leaf(shape)
    return st.integers(0, 19).flatmap(lambda n: anything if n == 0 else fitting)


def leaf(shape: Shape) -> st.SearchStrategy[str]:
    """Return plain values of the type that a shape wants."""
    schema = msgspec.json.schema(shape.leaf)
    if "enum" in schema:
        return st.sampled_from(schema["enum"]).map(quoted)
    kinds: dict[str, st.SearchStrategy[str]] = {
        "string": texts.map(quoted),
        "integer": st.sampled_from(["1", "2", "80", "99999", "-1"]),
        "number": st.sampled_from(["1", "2.5", "0", "-1.0", "inf", "nan"]),
        "boolean": st.sampled_from(["true", "false"]),
    }
    return kinds[schema["type"]]


def tables(keys: dict[str, Key]) -> st.SearchStrategy[str]:
    """Return inline tables with some of these keys."""
    entries = {name: values(key.shape) for name, key in keys.items()}
    return st.fixed_dictionaries({}, optional=entries).map(inline)


def pairs(
    names: st.SearchStrategy[str], inner: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    """Return inline tables with names of one's own."""
    return st.dictionaries(names, inner, max_size=3).map(inline)


def inline(table: dict[str, str]) -> str:
    """Return an inline table."""
    return "{" + ", ".join(f"{quoted(k)} = {v}" for k, v in table.items()) + "}"


def document(keys: dict[str, Key]) -> st.SearchStrategy[str]:
    """Return a manifest with some of these keys, and now and then an unknown one."""
    entries = {name: values(key.shape) for name, key in keys.items()}
    entries["unknown"] = st.just("1")
    picked = st.sets(st.sampled_from(sorted(entries)), max_size=4)
    return picked.flatmap(
        lambda names: st.tuples(*(entries[n].map(f"{n} = {{}}".format) for n in names))
    ).map("\n".join)


anything = scalars | oddities
services = pairs(
    st.sampled_from(["a", "b", "new", "A b"]),
    tables({**service_keys(), "path": service_keys()["owner"]}),
)
sites = st.tuples(document(site_keys()), st.none() | services).map(
    lambda parts: parts[0] + (f"\nservices = {parts[1]}" if parts[1] else "")
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a site with two services."""
    return write(tmp_path_factory.mktemp("shop"), {**service("a"), **service("b")})


def outcome(shop: Path) -> tuple[Fault, ...]:
    """Load the site, and check that whatever is refused has a place."""
    found = faults(shop, environment={}, production=True)
    for fault in found:
        assert fault.what
        assert fault.file.is_relative_to(shop)
        if fault.line is not None:
            lines = fault.file.read_bytes().count(b"\n") + 1
            assert 1 <= fault.line <= lines
    return found


def examples(times: int = 1) -> settings:
    """Return how many manifests are tried, in so many times the usual number."""
    return settings(
        max_examples=times * settings.default.max_examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@pytest.mark.timeout(300)
@examples(2)
@given(site=sites, production=sites | st.just(""), manifest=document(service_keys()))
def test_manifests_that_are_nearly_right(
    shop: Path, site: str, production: str, manifest: str
):
    """Known keys with fitting and unfitting values: what loads also fits the schema."""
    files = {"site.toml": site, "site.production.toml": production}
    write(shop, {**files, "services/a/service.toml": manifest})

    if not outcome(shop):
        draft = Draft(folder=shop, production=True, site=Site(folder=shop))
        jsonschema.validate(overlay(read(draft)).tree, site_schema())


SEED = (
    'name = "shop"\n[gateway]\nport = 8000\nhosts = ["a.example"]\n'
    '[services.a]\nroute = "/a"\n[[services.b.routes]]\npath = """/b"""\n'
    "[engines.redis]\nurl = 'env:R'\n"
)


@pytest.mark.timeout(300)
@examples()
@given(
    cut=st.tuples(*[st.integers(0, len(SEED))] * 2).map(sorted),
    put=st.binary(max_size=6)
    | st.sampled_from([b"[", b"]]", b"= ", b'"""', b"a.b", b"\n[x]\n"]),
)
def test_manifests_with_a_slip(shop: Path, cut: list[int], put: bytes):
    """A manifest in which something was cut out or put in."""
    write(shop, {"site.production.toml": "", "services/a/service.toml": ""})
    data = SEED.encode()
    (shop / "site.toml").write_bytes(data[: cut[0]] + put + data[cut[1] :])

    outcome(shop)


@examples()
@given(data=st.binary(max_size=64))
def test_manifests_of_any_bytes(shop: Path, data: bytes):
    """Bytes that nobody meant."""
    write(shop, {"site.production.toml": "", "services/a/service.toml": ""})
    (shop / "site.toml").write_bytes(data)

    assert {fault.file.name for fault in outcome(shop)} <= {"site.toml"}


@given(name=st.text(st.characters(exclude_characters="/\0"), min_size=1))
def test_any_folder_gives_a_site_a_name(name: str):
    """A site without a name gets one that could have been written."""
    msgspec.convert(site_name(Path("/srv") / name), Name)
