"""The files that pages load: style, scripts, the mark. Each is served under a name that holds its hash, for ever."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from importlib.resources import files

import flask

from relay.ops.desk import Desk

KEPT = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file as it is served."""

    #: Its name with its hash: ``desk.1f2e3d4c5b6a.css``.
    name: str
    content_type: str
    body: bytes
    small: bytes


def _read() -> dict[str, Asset]:
    folder = files(__package__) / "static"
    texts = {one.name: one.read_bytes() for one in folder.iterdir() if one.name.endswith((".css", ".js", ".svg"))}
    return {name: _asset(name, body) for name, body in texts.items()}


def _asset(name: str, body: bytes) -> Asset:
    stem, _, ending = name.rpartition(".")
    kind = "text/javascript" if ending == "js" else mimetypes.guess_type(name)[0] or "text/plain"
    digest = hashlib.sha256(body).hexdigest()[:12]
    small = gzip.compress(body, mtime=0)
    return Asset(name=f"{stem}.{digest}.{ending}", content_type=f"{kind}; charset=utf-8", body=body, small=small)


ASSETS = _read()
BY_NAME = {one.name: one for one in ASSETS.values()}


def asset(name: str) -> str:
    """Give the address of a file; for templates."""
    return flask.url_for("ops.asset", name=ASSETS[name].name)


def add(desk: Desk) -> None:
    """Serve the files: the log-in page has a style too."""

    @desk.everybody("/static/<name>", bare=True)
    def asset(name: str) -> flask.Response:
        found = BY_NAME.get(name)
        if found is None:
            flask.abort(404)
        headers = {"Cache-Control": KEPT, "Vary": "Accept-Encoding"}
        if not flask.request.accept_encodings["gzip"]:
            return flask.Response(found.body, 200, headers, content_type=found.content_type)
        return flask.Response(
            found.small, 200, {**headers, "Content-Encoding": "gzip"}, content_type=found.content_type
        )
