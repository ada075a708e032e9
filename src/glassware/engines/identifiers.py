"""Names of databases and users, as far as a server takes them."""

import hashlib
import re


def fitted(name: str, longest: int, odd: re.Pattern[str] = re.compile(r"(?!)")) -> str:
    """Return `name`, or one like it that a server takes and that no other name gives.

    Args:
        name: As the plan has it.
        longest: How many characters the server keeps.
        odd: What it does not take; `_` stands there instead.
    """
    plain = odd.sub("_", name)
    if plain == name and len(name) <= longest:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{plain[: longest - 9]}_{digest}"
