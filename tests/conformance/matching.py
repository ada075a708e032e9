"""Whether what is told of a case is what was expected of it."""

import json
import re
from contextlib import suppress
from typing import Any


TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

# It has the second in which it was signed.
SESSION = re.compile(r"session=[\w.-]+")


def misses(told: Any, expected: Any, where: str = "") -> list[str]:
    """Return in what `told` is not as `expected`, which may leave things out."""
    if expected is Any:
        return []
    if isinstance(expected, dict) and isinstance(told, dict):
        return [
            miss
            for key, value in expected.items()
            for miss in misses(part(told, key, value), value, f"{where}.{key}")
        ]
    if isinstance(expected, list) and isinstance(told, list):
        if len(expected) != len(told):
            return [f"{where}: {len(told)} in place of {len(expected)}: {told}"]
        pairs = enumerate(zip(told, expected, strict=True))
        return [m for n, (t, e) in pairs for m in misses(t, e, f"{where}[{n}]")]
    return [] if told == expected else [f"{where}: {told!r} in place of {expected!r}"]


def part(told: dict[str, Any], key: str, expected: Any) -> Any:
    """Return a part of what is told: a header by its name, a body as JSON."""
    if key == "json" and "body" in told:
        with suppress(ValueError):
            return json.loads(told["body"])
        return told
    if key == "headers" and isinstance(expected, dict):
        return {name: header(told["headers"], name) for name in expected}
    return told.get(key)


def header(pairs: list[list[str]], name: str) -> Any:
    """Return the value of a header, or its values."""
    values = [value for key, value in pairs if key == name]
    return values if len(values) > 1 else values[0] if values else None


def differences(one: Any, other: Any) -> list[str]:
    """Return in what two findings differ, but for what is never the same."""
    one, other = same(one), same(other)
    return [*misses(one, other, "<"), *misses(other, one, ">")]


def same(value: Any) -> Any:
    """Return what is the same however often a case is run."""
    if isinstance(value, dict):
        return {key: same(each) for key, each in value.items() if key != "HTTP_HOST"}
    if isinstance(value, list):
        return [same(each) for each in value]
    if isinstance(value, str):
        return SESSION.sub("session=SIGNED", TRACEPARENT.sub("TRACEPARENT", value))
    return value
