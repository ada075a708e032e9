"""JSON Schemas of both manifests, so that editors complete and check them."""

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import msgspec

from glassware.files import File

from .keys import Key, Shape, keys_of, service_keys, site_keys, site_service_keys


Schema = dict[str, Any]

# The newest draft that the TOML extensions of the usual editors understand.
_DRAFT = "http://json-schema.org/draft-07/schema#"
_EXCLUSIVE = (("route", "routes"), ("app", "command"))


def site_schema() -> Schema:
    """Return the schema of `site.toml` and `site.production.toml`."""
    service = {**_table(site_service_keys()), "allOf": _one_of_each()}
    services = {
        "description": "Services in other places, and keys laid over `service.toml`.",
        "type": "object",
        "additionalProperties": service,
    }
    schema = _table(site_keys())
    schema["properties"]["services"] = services
    return {"$schema": _DRAFT, "title": "site.toml of glassware", **schema}


def service_schema() -> Schema:
    """Return the schema of `service.toml`."""
    return {
        "$schema": _DRAFT,
        "title": "service.toml of glassware",
        **_table(service_keys()),
        "allOf": _one_of_each(),
    }


def schema_files() -> tuple[File, ...]:
    """Return both schemas as the files that the package ships."""
    return tuple(
        File(PurePosixPath(name), json.dumps(schema, indent=2) + "\n")
        for name, schema in (
            ("service.json", service_schema()),
            ("site.json", site_schema()),
        )
    )


def _one_of_each() -> list[Schema]:
    return [{"not": {"required": list(pair)}} for pair in _EXCLUSIVE]


def _table(keys: Mapping[str, Key]) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _key(key) for name, key in keys.items()},
    }


def _whole(table: type) -> Schema:
    """Return the schema of a table that says more than its first key alone."""
    keys = keys_of(table)
    return {**_table(keys), "required": [*keys][:1]}


def _key(key: Key) -> Schema:
    schema = _value(key.shape) | {"description": key.description}
    if isinstance(key.default, bool | int | float | str) and key.default != "":
        schema["default"] = key.default
    return schema


def _value(shape: Shape) -> Schema:
    if shape.leaf is not None:
        leaf = msgspec.json.schema(shape.leaf)
        return {"anyOf": [leaf, _whole(shape.long)]} if shape.long else leaf
    schema: Schema = {}
    if shape.table is not None:
        schema = _table(keys_of(shape.table))
    elif shape.items is not None:
        schema = {"type": "array", "items": _value(shape.items)}
    elif shape.values is not None and shape.names is not None:
        names = {k: v for k, v in _value(shape.names).items() if k != "type"}
        schema = {"type": "object", "additionalProperties": _value(shape.values)}
        schema |= {"propertyNames": names} if names else {}
    for meta in shape.metas:
        schema |= meta.extra_json_schema or {}
    return schema
