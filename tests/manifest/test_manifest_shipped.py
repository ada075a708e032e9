"""What is made from the model and kept: the schemas and the reference page."""

import tomllib
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from glassware.manifest.keys import keys_of, service_keys, site_keys
from glassware.manifest.reference import manifest_reference
from glassware.manifest.schema import schema_files, service_schema, site_schema
from glassware.model import (
    Address,
    Cors,
    Engine,
    Gateway,
    Neighbour,
    Route,
    Tls,
    Visitors,
)
from kept import assert_kept
from sites_on_disk import faults, service, write


ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("schema", schema_files(), ids=lambda file: file.path.name)
def test_shipped_schemas(schema):
    """The package ships the schemas that the model makes."""
    folder = Path(str(files("glassware.manifest"))) / "schemas"

    assert_kept(folder / schema.path, schema.text)


def test_reference_page():
    """The reference page is the one that the model makes, with every key."""
    page = manifest_reference()

    assert_kept(ROOT / "docs/reference/manifest.md", page)
    tables = (Address, Cors, Engine, Gateway, Neighbour, Route, Tls, Visitors)
    for keys in (service_keys(), site_keys(), *(keys_of(table) for table in tables)):
        assert [key for key in keys if f"| `{key}` |" not in page] == []


@pytest.mark.parametrize("schema", [site_schema(), service_schema()])
def test_schemas_are_schemas(schema):
    """Editors can read them."""
    jsonschema.Draft7Validator.check_schema(schema)


EXAMPLES = sorted(ROOT.glob("examples/**/s*.toml"))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda f: str(f.relative_to(ROOT)))
def test_example_manifests(file: Path):
    """Every manifest of the examples fits its schema."""
    schema = service_schema() if file.name == "service.toml" else site_schema()

    jsonschema.validate(tomllib.loads(file.read_text("utf-8")), schema)


@pytest.mark.parametrize(
    "manifest",
    [
        "wokers = 1",
        "workers = 0",
        'route = "a"',
        'route = "/a/"',
        'routes = [{ path = "/../a" }]',
        'reload = "later"',
        'databases.main = "oracle"',
        'databases.Main = "redis"',
        'environment."A B" = ""',
        'app = "app.py"\ncommand = "x"',
        'route = "/a"\nroutes = []',
        "calls = [1]",
    ],
)
def test_what_editors_mark(tmp_path: Path, manifest: str):
    """What the schema refuses is refused on loading too."""
    write(tmp_path, service("a", manifest))
    table = tomllib.loads(manifest)

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(table, service_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"services": {"a": table}}, site_schema())
    assert faults(tmp_path)
