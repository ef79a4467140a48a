"""The adapters: one module for each sender, one line for each in SENDERS."""

from __future__ import annotations

from collections.abc import Mapping

from relay.senders import typeform, zapier
from relay.senders.base import Sender

SENDERS: Mapping[str, Sender] = {
    "typeform": typeform,
    "zapier": zapier,
}
