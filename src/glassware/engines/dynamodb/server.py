"""A server that speaks DynamoDB's protocol: its URL, and simple questions to it."""

import http.client
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from glassware.engines import addresses
from glassware.errors import EngineError


REGION = "us-east-1"
"""The region of servers of the site's own: the one that libraries take themselves."""

_SECONDS = 3.0
_SCHEMES = {"dynamodb": "http", "dynamodb+http": "http", "dynamodb+https": "https"}
_PORTS = {"http": 80, "https": 443}
_ZONE = re.compile(r"[a-z]{2}(-[a-z]+)+-\d+")

# Looks like a signature. A server of the site's own asks for one and checks none.
_SIGNATURE = (
    "AWS4-HMAC-SHA256 Credential={key}/20260101/{region}/dynamodb/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=0"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a server is, and who somebody is there.

    Attributes:
        scheme: `http` or `https`.
        host: Empty for Amazon's own.
        port: Of the host.
        region: In Amazon's words.
        key: The access key; empty: what the surroundings of a service say.
        secret: Of that key.
        data: The folder of a server of the site's own; empty for others.
        snapshots: Whether that folder has the data in a file of SQLite's.
    """

    scheme: str = "http"
    host: str = ""
    port: int = 443
    region: str = REGION
    key: str = ""
    secret: str = field(default="", repr=False)
    data: str = ""
    snapshots: bool = False

    @classmethod
    def parse(cls, url: str) -> Self:
        """Return the server that `url` leads to.

        Raises:
            EngineError: It leads nowhere; the message does not repeat it.
        """
        try:
            return cls._parse(url)
        except (KeyError, ValueError):
            raise EngineError(
                "the URL of the DynamoDB server cannot be read",
                hint="`dynamodb:///REGION` for Amazon's own, or "
                "`dynamodb://KEY:SECRET@HOST:PORT/REGION`, `dynamodb+https://…`",
            ) from None

    @classmethod
    def _parse(cls, url: str) -> Self:
        parts, scheme = urlsplit(url), _SCHEMES[urlsplit(url).scheme]
        options, region = dict(parse_qsl(parts.query)), unquote(parts.path.strip("/"))
        if "/" in region or (not parts.hostname and not _ZONE.fullmatch(region)):
            raise ValueError(region)
        return cls(
            scheme=scheme if parts.hostname else "https",
            host=parts.hostname or "",
            port=parts.port or (_PORTS[scheme] if parts.hostname else _PORTS["https"]),
            region=region or REGION,
            key=unquote(parts.username or ""),
            secret=unquote(parts.password or ""),
            data=options.get("data", ""),
            snapshots="snapshots" in options,
        )

    def url(self, options: Mapping[str, str]) -> str:
        """Return how it is reached, with some options."""
        driver = "+https" if self.scheme == "https" and self.host else ""
        at = addresses.at(self.host, self.port) if self.host else ""
        url = addresses.join(
            f"dynamodb{driver}", (self.key, self.secret), at, self.region, options
        )
        return url if self.key else url.replace("://:@", "://", 1)

    @property
    def endpoint(self) -> str:
        """Where HTTP is spoken; empty for Amazon's own, which every client knows."""
        at = addresses.at(self.host, self.port)
        return f"{self.scheme}://{at}" if self.host else ""

    def answers(self) -> bool:
        """Tell whether somebody speaks HTTP there."""
        kinds = {"http": http.client.HTTPConnection, "https": _over_tls}
        connection = kinds[self.scheme](self.host, self.port, timeout=_SECONDS)
        try:
            connection.request("GET", "/", headers={"Connection": "close"})
            return connection.getresponse().status < http.HTTPStatus.BAD_GATEWAY
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def ask(self, operation: str, **question: Any) -> dict[str, Any]:
        """Ask a server of the site's own.

        Raises:
            EngineError: It does not answer, or refuses.
        """
        connection = http.client.HTTPConnection(self.host, self.port, timeout=_SECONDS)
        try:
            connection.request("POST", "/", json.dumps(question), self._head(operation))
            response = connection.getresponse()
            answer = cast("dict[str, Any]", json.loads(response.read() or b"{}"))
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise EngineError(
                f"the DynamoDB server at `{self.endpoint}` does not answer: {error}"
            ) from None
        finally:
            connection.close()
        if response.status != http.HTTPStatus.OK:
            kind = str(answer.get("__type", response.status)).rpartition("#")[2]
            said = answer.get("message") or answer.get("Message") or ""
            raise EngineError(
                f"the DynamoDB server refused `{operation}`: {kind} {said}".rstrip()
            )
        return answer

    def tables(self) -> list[str]:
        """Return the names of all tables of a server of the site's own."""
        names: list[str] = []
        more: dict[str, Any] = {}
        while True:
            answer = self.ask("ListTables", **more)
            names += answer["TableNames"]
            if not (last := answer.get("LastEvaluatedTableName")):
                return names
            more = {"ExclusiveStartTableName": last}

    def drop(self, table: str) -> None:
        """Remove a table of a server of the site's own, protected or not."""
        described = self.ask("DescribeTable", TableName=table)["Table"]
        if described.get("DeletionProtectionEnabled"):
            self.ask("UpdateTable", TableName=table, DeletionProtectionEnabled=False)
        self.ask("DeleteTable", TableName=table)

    def _head(self, operation: str) -> dict[str, str]:
        return {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
            "X-Amz-Date": "20260101T000000Z",
            "Authorization": _SIGNATURE.format(key=self.key, region=self.region),
        }


def _over_tls(host: str, port: int, timeout: float) -> http.client.HTTPConnection:
    return http.client.HTTPSConnection(host, port, timeout=timeout)
