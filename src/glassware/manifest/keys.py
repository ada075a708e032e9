"""The keys that a manifest may have, read from the model."""

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from msgspec import Meta

from glassware.model import PathKey, RouteKey, Service, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a table.

    Attributes:
        name: As it is written in TOML.
        field: As the model calls it.
        shape: What its value may be.
        default: Of the field; `None` where there is none.
        description: The sentence that users read.
    """

    name: str
    field: str
    shape: "Shape"
    default: Any = None
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a value may be: exactly one of `table`, `items`, `values` and `leaf`.

    Attributes:
        table: A table with the keys of this class.
        items: A list of such values.
        values: A table of such values under names of one's own.
        names: What those names may be.
        leaf: A type that msgspec checks.
        long: A table that may stand in place of a `leaf`, to say more.
        metas: Limits and descriptions.
    """

    table: type | None = None
    items: "Shape | None" = None
    values: "Shape | None" = None
    names: "Shape | None" = None
    leaf: Any = None
    long: type | None = None
    metas: tuple[Meta, ...] = ()


@cache
def keys_of(table: type) -> Mapping[str, Key]:
    """Return the keys of a table by name: fields of the model with a description."""
    hints = get_type_hints(table, include_extras=True)
    found: dict[str, Key] = {}
    for one in fields(table):
        shape = shape_of(hints[one.name])
        if description := _described(shape):
            default = (
                one.default_factory()
                if one.default_factory is not MISSING
                else one.default
            )
            found[one.name.rstrip("_")] = Key(
                name=one.name.rstrip("_"),
                field=one.name,
                shape=shape,
                default=None if default is MISSING else default,
                description=description,
            )
    return found


@cache
def service_keys() -> Mapping[str, Key]:
    """Return the keys of `service.toml`."""
    return {**keys_of(Service), "route": _extra("route", RouteKey)}


@cache
def site_service_keys() -> Mapping[str, Key]:
    """Return the keys of `[services.NAME]` in `site.toml`."""
    return {"path": _extra("path", PathKey), **service_keys()}


@cache
def site_keys() -> Mapping[str, Key]:
    """Return the keys of `site.toml`, without `services`."""
    return keys_of(Site)


@cache
def shape_of(annotation: Any) -> Shape:
    """Return what an annotation of the model allows."""
    inner, metas = _unwrapped(annotation)
    origin, arguments = get_origin(inner), get_args(inner)
    if is_dataclass(inner):
        return Shape(table=inner if isinstance(inner, type) else None, metas=metas)
    if origin is tuple:
        return Shape(items=shape_of(arguments[0]), metas=metas)
    if origin is Mapping:
        names, values = map(shape_of, arguments)
        return Shape(values=values, names=names, metas=metas)
    return Shape(
        leaf=Annotated[(inner, *metas)] if metas else inner,
        long=_long(metas),
        metas=metas,
    )


def _unwrapped(annotation: Any) -> tuple[Any, tuple[Meta, ...]]:
    metas: tuple[Meta, ...] = ()
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            metas = (*more, *metas)
        elif get_origin(annotation) in {Union, types.UnionType}:
            # TOML has no null: an absent key is what `None` stands for.
            (annotation,) = (a for a in get_args(annotation) if a is not type(None))
        else:
            return annotation, metas


def _long(metas: tuple[Meta, ...]) -> type | None:
    tables = [
        meta.extra["table"] for meta in metas if meta.extra and "table" in meta.extra
    ]
    return tables[0] if tables else None


def _described(shape: Shape) -> str:
    found = [meta.description for meta in shape.metas if meta.description]
    return found[-1] if found else ""


def _extra(name: str, annotation: Any) -> Key:
    shape = shape_of(annotation)
    return Key(name=name, field=name, shape=shape, description=_described(shape))
