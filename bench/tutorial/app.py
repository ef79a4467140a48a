"""The web side: check the signature, take the answers out, enqueue one job for each event."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from typing import Any

import redis
from flask import Flask, abort, request
from flask.typing import ResponseReturnValue
from rq import Queue

from bench.tutorial.jobs import update_lead

app = Flask(__name__)
queue = Queue(connection=redis.Redis.from_url(os.environ["REDIS_URL"]))
SECRET = os.environ["TYPEFORM_SECRET"].encode()


@app.post("/hooks/cotiza")
def cotiza() -> ResponseReturnValue:
    digest = base64.b64encode(hmac.new(SECRET, request.get_data(), hashlib.sha256).digest()).decode()
    if not hmac.compare_digest(f"sha256={digest}", request.headers.get("Typeform-Signature", "")):
        abort(401)
    response = request.get_json()["form_response"]
    queue.enqueue(update_lead, response["hidden"]["lead_id"], update_of(response))
    return {"ok": True}


def update_of(response: dict[str, Any]) -> dict[str, Any]:
    """Give what the example rules give, written out in Python."""
    fields = {answer["field"]["ref"]: answer[answer["type"]] for answer in response["answers"]}
    first_name, _, last_name = fields["nombre"].title().partition(" ")
    comunas = fields["comunas"]["labels"]
    metadata = {
        "utm_source": response["hidden"]["utm_source"].lower(),
        "formulario": response["definition"]["title"],
        "tipo_propiedad": fields["tipo_propiedad"]["label"],
        "comunas": ", ".join(comunas),
        "dormitorios": fields["dormitorios"],
        "fecha_visita": fields["fecha_visita"],
        "preaprobado": fields["preaprobado"],
        "mensaje": fields["mensaje"],
        "broker_asociado": BROKERS.get(comunas[0], "mesa de ventas"),
    }
    if fields["preaprobado"] and fields["dormitorios"] >= 2:
        metadata["estado_lead"] = "calificado"
        metadata["resumen"] = (
            f"{metadata['tipo_propiedad']} de {fields['dormitorios']} dormitorios en {' o '.join(comunas)}"
        )
    names = {"first_name": first_name, "last_name": last_name}
    return {**names, "phone": fields["telefono"], "email": fields["correo"], "metadata": metadata}


BROKERS = {
    "Ñuñoa": "Carolina Rojas",
    "Providencia": "Carolina Rojas",
    "Las Condes": "Andrés Fuentes",
    "Maipú": "Paula Soto",
}
