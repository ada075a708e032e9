"""A fake neighbour: it answers what a test declares, and records what it was asked."""

import json as jsons
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, Self

from werkzeug.datastructures import Headers, MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from glassware.protocol import FRAGMENT, VIA, read_via
from glassware.website.sessions.csrf_piece import FIELD, TOKEN


Tell = Callable[[str], None]
Make = Callable[..., Any]

NOT_DECLARED = 501


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A request that a fake was asked.

    Attributes:
        method: In capitals.
        path: Without the query.
        query: What stands in it; a name may have several values.
        headers: As they came; any spelling of a name finds them.
        body: Its bytes.
        caller: The service that asked; empty: nobody said.
    """

    method: str
    path: str
    query: MultiDict[str, str] = field(default_factory=MultiDict)
    headers: Headers = field(default_factory=Headers, repr=False)
    body: bytes = b""
    caller: str = ""

    @property
    def json(self) -> Any:  # JSON is what it is
        """Its body, read as JSON; `None` where there is no body."""
        return jsons.loads(self.body) if self.body else None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(slots=True, eq=False)
class Declared:
    """A route that a fake answers.

    Attributes:
        method: In capitals.
        rule: As Flask writes it, such as `/latest/<int:id>`.
        make: Makes the answer of a request and the values in its path.
        used: How often it did.
    """

    method: str
    rule: str
    make: Make
    used: int = 0

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"


class Declare(Protocol):
    """What `get`, `post` and the others of a fake take."""

    def __call__(
        self,
        rule: str,
        answer: Make | None = None,
        /,
        *,
        json: Any = None,
        text: str | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> "Fake":
        """Declare a route, and return the fake."""


class Fake:
    """A neighbour that answers what it is told to, and refuses all else.

    `fake("reviews").get("/latest/<int:id>", json=[])` declares a route; a
    later declaration of the same one takes its place. A WSGI application.

    Args:
        name: The service that it stands in for.
        refuse: Told of each request that is not declared; it fails the test.

    Attributes:
        calls: What it was asked, in order.
    """

    def __init__(self, name: str, refuse: Tell) -> None:
        self.name = name
        self.calls: list[Recorded] = []
        self._refuse = refuse
        self._declared: dict[tuple[str, str], Declared] = {}
        self._map = Map()
        self._lock = threading.Lock()

    def route(
        self,
        method: str,
        rule: str,
        answer: Make | None = None,
        /,
        *,
        json: Any = None,
        text: str | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Self:
        """Declare what is answered to a method on a rule.

        Args:
            method: Such as `GET`, which answers `HEAD` too.
            rule: As Flask writes it, such as `/latest/<int:id>`.
            answer: A function of the request (see `Recorded`) and of the values
                in its path. It returns what a Flask view may return: anything
                for JSON, text, `(body, status)`, or a Werkzeug `Response`.
            json: The body, sent as JSON.
            text: The body as it is.
            status: Such as 200.
            headers: Sent besides those that every answer has.
        """
        given = (json if text is None else text, status, dict(headers or {}))
        declared = Declared(method.upper(), rule, answer or (lambda *_, **__: given))
        with self._lock:
            self._declared[declared.method, rule] = declared
            self._map = Map(
                [
                    Rule(each.rule, endpoint=each, methods=[each.method])
                    for each in self._declared.values()
                ],
                merge_slashes=False,
            )
        return self

    @property
    def get(self) -> Declare:
        """Declare what `GET` is answered; see `route`."""
        return partial(self.route, "GET")

    @property
    def post(self) -> Declare:
        """Declare what `POST` is answered; see `route`."""
        return partial(self.route, "POST")

    @property
    def put(self) -> Declare:
        """Declare what `PUT` is answered; see `route`."""
        return partial(self.route, "PUT")

    @property
    def patch(self) -> Declare:
        """Declare what `PATCH` is answered; see `route`."""
        return partial(self.route, "PATCH")

    @property
    def delete(self) -> Declare:
        """Declare what `DELETE` is answered; see `route`."""
        return partial(self.route, "DELETE")

    def assert_used(self) -> None:
        """Fail unless everything that is declared was asked at least once."""
        unused = [str(each) for each in self._declared.values() if not each.used]
        if unused:
            raise AssertionError(
                f"the fake `{self.name}` was never asked {_listed(unused)}; "
                f"it was asked {_listed(map(str, self.calls))}"
            )

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer one request."""
        request = Request(environ)
        recorded = _record(request)
        with self._lock:
            self.calls.append(recorded)
            adapter = self._map.bind_to_environ(environ)
        try:
            declared, values = adapter.match()
        except HTTPException:
            response = self._token(recorded) or self._refused(recorded)
        else:
            response = self._made(declared, recorded, values)
        return response(environ, start_response)

    def _made(
        self, declared: Declared, recorded: Recorded, values: Mapping[str, Any]
    ) -> Response:
        declared.used += 1
        try:
            response = _respond(declared.make(recorded, **values))
        except Exception as error:  # noqa: BLE001 - an assertion fails the test, too
            said = f"the fake `{self.name}`, asked for `{recorded}`, raised {error!r}"
            self._refuse(said)
            return Response(said, 500, mimetype="text/plain")
        if FRAGMENT in recorded.headers and response.mimetype == "text/plain":
            # Text that becomes a piece of a page is meant as HTML.
            response.mimetype = "text/html"
        return response

    def _token(self, recorded: Recorded) -> Response | None:
        """Return the CSRF token that a page with a form asks for, if it is one."""
        token = f"token of {self.name}"
        field = f'<input type="hidden" name="csrf_token" value="{token}">'
        made = {FIELD: field, TOKEN: token}.get(recorded.path)
        return Response(made, mimetype="text/html") if made else None

    def _refused(self, recorded: Recorded) -> Response:
        who = f"`{recorded.caller}`" if recorded.caller else "somebody"
        said = (
            f"{who} asked the fake `{self.name}` for `{recorded}`, which is not "
            f"declared; declared: {_listed(map(str, self._declared.values()))}"
        )
        self._refuse(said)
        return Response(said, NOT_DECLARED, mimetype="text/plain")

    def __repr__(self) -> str:
        return f"<Fake {self.name}: {_listed(map(str, self._declared.values()))}>"


def _record(request: Request) -> Recorded:
    via = read_via(request.headers.get(VIA))
    return Recorded(
        method=request.method,
        path=request.path,
        query=request.args,
        headers=Headers(list(request.headers)),
        body=request.get_data(),
        caller=via[-1] if via else "",
    )


def _respond(answer: Any) -> Response:
    match answer:
        case Response():
            return answer
        case (body, int() as status):
            return _body(body, status)
        case (body, int() as status, Mapping() as headers):
            response = _body(body, status)
            response.headers.update(headers)
            return response
        case _:
            return _body(answer, 200)


def _body(body: Any, status: int) -> Response:
    if isinstance(body, str | bytes):
        return Response(body, status)
    if body is None:
        return Response(status=status)
    return Response(jsons.dumps(body), status, mimetype="application/json")


def _listed(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nothing"
