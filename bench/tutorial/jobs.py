"""The worker's side: one job for each event, which updates its lead."""

from __future__ import annotations

import os
from typing import Any

import requests


def update_lead(lead_id: str, body: dict[str, Any]) -> None:
    response = requests.put(
        f"{os.environ['LEADS_API_URL']}/leads/{lead_id}",
        json=body,
        headers={"X-API-Key": os.environ["LEADS_API_KEY"]},
        timeout=10,
    )
    response.raise_for_status()
