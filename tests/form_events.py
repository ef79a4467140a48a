"""Forms whose events come in by the door: a Typeform, which says what it asks, and a Zap, which sends answers alone."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from relay import forms, wiring
from relay.forms import FormTold
from relay.hooks import Hook
from relay.noticing import Noticing
from relay.senders import typeform
from relay.settings import Settings
from relay.shapes import Form
from relay.store import Store
from tests.desk import settings_of
from tests.doors import serving

LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
SECRET = "a-secret"
VARIABLES = {"TYPEFORM_SECRET": SECRET, "ZAPIER_TOKEN": SECRET}
COTIZA = """sender: typeform
secrets: [TYPEFORM_SECRET]
lead:
  id: ${hidden.lead_id}
rules:
  - name: contact
    update:
      first_name: ${fields.nombre}
  - name: qualified
    when: form.id == 'Ab12Cd34' and fields.presupuesto_uf >= 3000
    update:
      metadata:
        estado_lead: calificado
        uf: ${fields.presupuesto_uf}
"""
ZAP = """sender: zapier
secrets: [ZAPIER_TOKEN]
lead:
  id: ${fields.lead_id}
rules:
  - name: contact
    update:
      first_name: ${fields.nombre}
      metadata: {comuna: "${fields.comuna}"}
"""
Answers = Mapping[str, Any]


@dataclass
class Place:
    """A relay with two hooks, and senders that post to them over HTTP."""

    store: Store
    settings: Settings
    hooks: Mapping[str, Hook]
    url: str
    noticing: Noticing
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def typeform(
        self, answers: Answers, *, asks: Sequence[str] | None = None, form: str = "Ab12Cd34", at: str = "", **more: Any
    ) -> None:
        """Post a response; the form asks what is answered unless told otherwise."""
        at = at or f"2026-09-26T14:{next(self.numbers) // 60 % 60:02}:00Z"
        asked = [{"id": f"id-{one}", "ref": one, "type": "short_text", "title": one} for one in asks or answers]
        given = [answer(key, value) for key, value in answers.items()]
        response = {
            "form_id": form,
            "token": more.pop("token", f"t{next(self.numbers)}"),
            "submitted_at": at,
            "hidden": {"lead_id": LEAD},
            "definition": {"id": form, "title": "Cotiza", "fields": more.pop("definition", asked)},
            "answers": given,
        }
        body = json.dumps({"event_type": "form_response", "form_response": response}).encode()
        headers = {"Content-Type": "application/json", **typeform.signature(body, SECRET)}
        self._post("cotiza", body, headers)

    def zap(self, **answers: Any) -> None:
        body = json.dumps({"event_id": f"z{next(self.numbers)}", "lead_id": LEAD, **answers}).encode()
        self._post("zap", body, {"Content-Type": "application/json", "Authorization": f"Bearer {SECRET}"})

    def _post(self, hook: str, body: bytes, headers: Mapping[str, str]) -> None:
        assert requests.post(f"{self.url}/hooks/{hook}", data=body, headers=headers, timeout=10).status_code == 200

    def flush(self) -> None:
        self.noticing.flush()

    def forms(self, hook: str = "cotiza") -> list[Form]:
        self.flush()
        return self.store.forms.forms(hook)

    def told(self, hook: str = "cotiza") -> list[FormTold]:
        self.flush()
        return forms.look(self.store, self.hooks, [hook])[hook]


def answer(key: str, value: Any) -> dict[str, Any]:
    kind = "number" if isinstance(value, int) else "choices" if isinstance(value, list) else "text"
    told = {"labels": value} if kind == "choices" else value
    return {"type": kind, kind: told, "field": {"id": f"id-{key}", "ref": key}}


@contextmanager
def place(store: Store, folder: Path, **variables: str) -> Iterator[Place]:
    """Serve the relay with the hooks above, and keep the texts of their files as the web does."""
    rules = folder / "rules"
    rules.mkdir(exist_ok=True)
    (rules / "cotiza.yaml").write_text(COTIZA)
    (rules / "zap.yaml").write_text(ZAP)
    settings = settings_of(folder, RELAY_RULES=str(rules), **VARIABLES, **variables)
    hooks = wiring.hooks(settings)
    store.door.know(hooks)
    store.rule_texts.keep(hooks.values())
    store.serving.note(served=[*hooks], taken={name: hook.version for name, hook in hooks.items()}, faults={})
    noticing = Noticing(store)
    with serving(wiring.routes(settings, store, hooks, noticing)) as url:
        yield Place(store, settings, hooks, url, noticing)
