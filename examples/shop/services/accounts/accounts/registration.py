"""What somebody must tell to register."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


MAX_TEXT = 200
MIN_PASSWORD = 10

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A new account as it was asked for, with nothing left to complain about."""

    email: str
    name: str
    password: str = field(repr=False)


def parse(body: Mapping[str, Any]) -> tuple[Registration | None, dict[str, str]]:
    """Return the registration, or what is wrong with it by field."""
    email, name, password = (_text(body, key) for key in ("email", "name", "password"))
    errors = {}
    if not _EMAIL.fullmatch(normal(email)):
        errors["email"] = "This is not an e-mail address."
    if not name.strip():
        errors["name"] = "A name is missing."
    if len(password) < MIN_PASSWORD:
        errors["password"] = f"A password has at least {MIN_PASSWORD} characters."
    if errors:
        return None, errors
    return (
        Registration(email=normal(email), name=name.strip(), password=password),
        {},
    )


def normal(email: str) -> str:
    """Return the one spelling of an address under which it is kept."""
    return email.strip().lower().replace("\0", "")


def _text(body: Mapping[str, Any], key: str) -> str:
    # Of a wrong type or length it counts as missing.
    value = body.get(key)
    return value if isinstance(value, str) and _fits(value) else ""


def _fits(value: str) -> bool:
    return len(value) <= MAX_TEXT and "\0" not in value
