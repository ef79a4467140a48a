"""What every answer of the desk has: headers that let the browser do nothing else, and faults in words."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import flask
import orjson
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import BadRequestKeyError, HTTPException, InternalServerError

from relay.errors import CommandError, StoreError
from relay.model import Json
from relay.ops.desk import API, PREFIX
from relay.ops.sessions import of_the_desk
from relay.ops.words import words
from relay.texts import N_

log = logging.getLogger("relay")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
HSTS = "max-age=31536000"

#: Title and advice of each fault.
FAULTS = {
    400: (N_("That can't be read"), N_("What was sent is not what this page asks for. Go back and try again.")),
    401: (N_("Log in first"), N_("Send a token as 'Authorization: Bearer ...', or log in.")),
    403: (N_("Not allowed"), N_("Your role doesn't allow this. An operator can do it.")),
    404: (N_("Not here"), N_("There is nothing at this address. It may have been kept no longer.")),
    405: (N_("Not like this"), N_("This address takes another method.")),
    409: (N_("Not as it stands"), N_("Something has changed since you looked. Look again.")),
    413: (N_("Too large"), N_("What was sent is larger than the desk takes.")),
    429: (N_("Too many tries"), N_("Wait a little, then try again.")),
    500: (N_("The page broke"), N_("This is a fault of the relay; its log says more. No event is lost by it.")),
    503: (N_("Store unavailable"), N_("Redis is away, full or still loading. Senders are told to come back later.")),
}
FORGED = N_("The form is too old, or did not come from this page. Go back, load the page again and send it once more.")


def json_answer(body: Json, status: int = 200) -> flask.Response:
    return flask.Response(orjson.dumps(body), status, content_type="application/json")


def wants_json() -> bool:
    accepted = flask.request.accept_mimetypes
    wanted = accepted.best_match(["text/html", "application/json"]) == "application/json"
    return wanted or flask.request.path.startswith(f"{API}/") or not flask.request.path.startswith(PREFIX)


def fault(status: int, advice: str = "", *, detail: str = "") -> flask.Response:
    """Answer with a fault in words: a page of the desk, or JSON. ``detail`` comes from elsewhere, in English."""
    title, usual = FAULTS.get(status, FAULTS[400])
    advice = words(advice or usual)
    if wants_json():
        return json_answer({"error": title.lower(), "message": detail or advice}, status)
    page = flask.render_template("fault.html", title=words(title), advice=advice, detail=detail, status=status)
    return flask.Response(page, status, content_type="text/html; charset=utf-8")


def store_away(error: StoreError) -> flask.Response:
    """Say that the store is away. The page must not ask it who is logged in."""
    flask.g.away = True
    answer = fault(503, detail=str(error))
    answer.headers["Retry-After"] = "5"
    return answer


def impossible(error: CommandError) -> flask.Response:
    return fault(400, detail=str(error))


@contextmanager
def as_it_stands() -> Iterator[None]:
    """Answer 409 where what is asked for means nothing as things stand."""
    try:
        yield
    except CommandError as error:
        flask.abort(409, str(error))


def broken(error: Exception) -> flask.Response | HTTPException:
    """Log what nobody foresaw, without the address, which may hold a one-time link."""
    if isinstance(error, HTTPException):
        return http_fault(error)
    log.error("page.broken", extra={"endpoint": flask.request.endpoint}, exc_info=error)
    return fault(500)


def http_fault(error: HTTPException) -> flask.Response | HTTPException:
    """Put a fault of HTTP into words; what is not of the desk stays as it is."""
    if not of_the_desk(flask.request.path) or error.code is None or error.code < 400:
        return error
    try:
        answer = fault(error.code, _advice(error))
    except StoreError as away:
        return store_away(away)
    if error.code == 429:
        answer.headers["Retry-After"] = "60"
    answer.headers.extend([(name, value) for name, value in error.get_headers() if name in ("Allow", "Retry-After")])
    return answer


def _advice(error: HTTPException) -> str:
    """Give the words that one of our views found for it, '' where only a library speaks."""
    if isinstance(error, CSRFError):
        return FORGED
    theirs = isinstance(error, InternalServerError | RateLimitExceeded | BadRequestKeyError)
    return "" if theirs or error.description == type(error).description else error.description or ""


def harden(response: flask.Response) -> flask.Response:
    """Put the headers onto every answer of the desk, faults and redirects among them."""
    path = flask.request.path
    if path == "/" or path.startswith(PREFIX):
        response.headers.update(HEADERS)
        response.headers.setdefault("Cache-Control", "no-store")
        if flask.current_app.session_interface.get_cookie_secure(flask.current_app):
            response.headers["Strict-Transport-Security"] = HSTS
    return response
