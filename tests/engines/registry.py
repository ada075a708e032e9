"""A registry of npm and an index of PyPI on the loopback, with archives made here."""

import base64
import hashlib
import io
import json
import stat
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from glassware.engines.packages import Package, Part
from waiting import PATIENCE


@dataclass(frozen=True, slots=True)
class Member:
    """Something in an archive that is more than a plain file."""

    text: str = ""
    mode: int = 0o644
    link: str | None = None
    kind: bytes = tarfile.REGTYPE


Files = Mapping[str, str | Member]


@dataclass(slots=True)
class Registry:
    """What is published.

    Attributes:
        url: Where.
        pages: Bodies by path, each with its media type.
        asked: The paths that were asked for, with what was said about who asks.
        cut: Paths whose bodies break off halfway, and how often they still do.
        gate: Bodies of archives wait in the middle until it is set.
        held: Set as soon as one waits.
        wanted: What `Authorization` has to say, if anything.
        moved: Where to, by path.
    """

    url: str = ""
    pages: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    cut: dict[str, int] = field(default_factory=dict)
    gate: threading.Event = field(default_factory=threading.Event)
    held: threading.Event = field(default_factory=threading.Event)
    wanted: str | None = None
    moved: dict[str, str] = field(default_factory=dict)

    def archives(self) -> list[str]:
        """Return the archives that were asked for."""
        return [path for path, _ in self.asked if path.endswith((".tgz", ".whl"))]

    def npm(self, name: str, files: Files, version: str = "1.0.0") -> Part:
        """Publish an archive of npm."""
        body = tar_of(files)
        path = f"/npm/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
        self.pages[path] = ("application/octet-stream", body)
        dist = {"tarball": self.url + path}
        about = json.dumps({"versions": {version: {"dist": dist}}})
        self.pages[f"/npm/{name}"] = ("application/json", about.encode())
        digest = "sha512-" + base64.b64encode(hashlib.sha512(body).digest()).decode()
        return Part(registry="npm", name=name, version=version, digests={"any": digest})

    def wheel(
        self,
        name: str,
        files: Files,
        *,
        tag: str = "py3-none-any",
        as_html: bool = False,
    ) -> Part:
        """Publish a wheel, beside those of other tags."""
        body = zip_of(files)
        digest = hashlib.sha256(body).hexdigest()
        file = f"{name.replace('-', '_')}-1.0.0-{tag}.whl"
        self.pages[f"/files/{file}"] = ("application/octet-stream", body)
        page = f"/simple/{name}/"
        if as_html:
            text = f'<a href="../../files/{file}#sha256={digest}">{file}</a>'
            before = self.pages.get(page, ("", b""))[1]
            self.pages[page] = ("text/html", before + text.encode())
        else:
            known = json.loads(self.pages.get(page, ("", b'{"files": []}'))[1])
            one = {"url": f"../../files/{file}", "hashes": {"sha256": digest}}
            known["files"].append(one)
            kind = "application/vnd.pypi.simple.v1+json"
            self.pages[page] = (kind, json.dumps(known).encode())
        digests = {"any": f"sha256:{digest}"}
        return Part(registry="pypi", name=name, version="1.0.0", digests=digests)

    def environment(self) -> dict[str, str]:
        """Return the variables that lead pip's and npm's settings here."""
        return {
            "PIP_CONFIG_FILE": "/dev/null",
            "PIP_INDEX_URL": f"{self.url}/simple",
            "PIP_FIND_LINKS": "",
            "npm_config_registry": f"{self.url}/npm/",
            "npm_config_userconfig": "/dev/null",
        }


def package_of(*parts: Part, folder: str = "toy-1.0.0", **options: object) -> Package:
    """Return a package of some parts."""
    return Package(
        folder=folder,
        title="Toy 1.0.0",
        licence="MIT",
        size=1000,
        parts=parts,
        **options,  # type: ignore[arg-type]
    )


@contextmanager
def serving() -> Iterator[Registry]:
    """Run a registry."""
    registry = Registry()
    registry.gate.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(registry))
    registry.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield registry
    finally:
        registry.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()


def handler_of(registry: Registry) -> type[BaseHTTPRequestHandler]:
    """Return what answers for a registry."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(self.path)
            said = self.headers.get("Authorization")
            registry.asked.append((path, said))
            if registry.wanted is not None and said != registry.wanted:
                self.send_error(401)
            elif path in registry.moved:
                self.send_response(302)
                self.send_header("Location", registry.moved[path])
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif path not in registry.pages:
                self.send_error(404)
            else:
                self.answer(path, *registry.pages[path])

        def answer(self, path: str, kind: str, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            half = len(body) // 2
            self.wfile.write(body[:half])
            if registry.cut.get(path, 0):
                registry.cut[path] -= 1
                return
            if path.startswith(("/files", "/npm")) and not registry.gate.is_set():
                self.wfile.flush()
                registry.held.set()
                registry.gate.wait(PATIENCE)
            self.wfile.write(body[half:])

        def log_message(self, *args: object) -> None:
            """Keep the terminal clean."""

    return Handler


def tar_of(files: Files) -> bytes:
    """Return an archive as npm packs it; names that begin with `!` are kept as they are."""
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as archive:
        for name, content in files.items():
            member = content if isinstance(content, Member) else Member(content)
            within = name[1:] if name.startswith("!") else f"package/{name}"
            info = tarfile.TarInfo(within)
            info.mode, info.type = member.mode, member.kind
            info.size = len(member.text.encode())
            if member.link is not None:
                info.linkname = member.link
                if member.kind == tarfile.REGTYPE:
                    info.type = tarfile.SYMTYPE
            archive.addfile(info, io.BytesIO(member.text.encode()))
    return body.getvalue()


def zip_of(files: Files) -> bytes:
    """Return an archive as a wheel is one."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, content in files.items():
            member = content if isinstance(content, Member) else Member(content)
            info = zipfile.ZipInfo(name)
            kind = stat.S_IFLNK if member.link is not None else stat.S_IFREG
            info.external_attr = (kind | member.mode) << 16
            archive.writestr(info, member.link or member.text)
    return body.getvalue()
