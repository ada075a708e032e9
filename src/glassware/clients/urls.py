"""What the URLs of databases have in common."""

from urllib.parse import parse_qs, urlsplit


def query_of(url: str) -> dict[str, str]:
    """Return the options of a URL; of one that is given twice, the last."""
    return {key: values[-1] for key, values in parse_qs(urlsplit(url).query).items()}
