"""The routes of the desk, each marked with who may use it; a route without a mark is refused.

The decorators of ``Desk`` are the only way to give a mark: ``page`` and ``api`` show, ``act`` and ``api_act`` change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import flask
from flask.typing import ResponseReturnValue

from relay.accounts import Role

#: What a view gives.
Answer: TypeAlias = ResponseReturnValue
View = TypeVar("View", bound=Callable[..., Any])

PREFIX = "/ops"
API = f"{PREFIX}/api"


@dataclass(frozen=True, slots=True)
class Mark:
    """Who may use a route."""

    #: The least role; None for everybody, without a login.
    role: Role | None
    #: Whether it answers JSON; then a machine's token is as good as a login.
    json: bool = False
    #: Whether it is so open that not even the store is needed.
    bare: bool = False


class Desk(flask.Blueprint):
    """The blueprint under ``/ops`` that pages are put into."""

    NAME = "ops"

    def __init__(self) -> None:
        super().__init__(self.NAME, __package__, url_prefix=PREFIX, template_folder="templates", static_folder=None)
        self.marks: dict[str, Mark] = {}
        #: Numbers that stand beside sections in the navigation, by the endpoint; 0 is not shown.
        self.badges: dict[str, Callable[[], int]] = {}

    def page(self, rule: str, *, role: Role = Role.VIEWER) -> Callable[[View], View]:
        """Show a page: GET, for whoever is logged in."""
        return self._marked(rule, ["GET"], Mark(role))

    def act(self, rule: str, *, role: Role = Role.OPERATOR) -> Callable[[View], View]:
        """Change something: POST of a form with its CSRF token, for operators unless ``role`` says otherwise."""
        return self._marked(rule, ["POST"], Mark(role))

    def api(self, rule: str, *, role: Role = Role.VIEWER) -> Callable[[View], View]:
        """Give JSON: GET under ``/ops/api``, for whoever is logged in or has a token."""
        return self._marked(f"/api{rule}", ["GET"], Mark(role, json=True))

    def api_act(self, rule: str, *, method: str = "POST", role: Role = Role.OPERATOR) -> Callable[[View], View]:
        """Change something under ``/ops/api``: for a token, or for a login with the CSRF token in ``X-CSRFToken``."""
        return self._marked(f"/api{rule}", [method], Mark(role, json=True))

    def everybody(self, rule: str, *, methods: Sequence[str] = ("GET",), bare: bool = False) -> Callable[[View], View]:
        """Serve without a login: what leads to one, and nothing else. A POST has its CSRF token all the same."""
        return self._marked(rule, methods, Mark(None, bare=bare))

    def _marked(self, rule: str, methods: Sequence[str], mark: Mark) -> Callable[[View], View]:
        def put(view: View) -> View:
            self.add_url_rule(rule, view.__name__, view, methods=list(methods))
            self.marks[f"{self.name}.{view.__name__}"] = mark
            return view

        return put
