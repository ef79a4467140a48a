"""One log line for one fact: a fixed name, then ids as ``name=value``. A person's data never stands in one."""

from __future__ import annotations

import json
import logging
import sys

#: What every record has by itself; the rest is what the caller said.
_USUAL = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class FactFormatter(logging.Formatter):
    """Writes ``2026-11-23 21:40:01 INFO event.accepted hook=cotiza event=gr4cxkwqj2s6nqxz3req``."""

    def format(self, record: logging.LogRecord) -> str:
        said = [f"{name}={_quoted(value)}" for name, value in record.__dict__.items() if name not in _USUAL]
        when = self.formatTime(record, "%Y-%m-%d %H:%M:%S")
        line = " ".join([when, record.levelname, record.getMessage(), *said])
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _quoted(value: object) -> str:
    text = ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    if text and text.isprintable() and not {" ", '"'} & set(text):
        return text
    # The name of an unknown hook comes from outside: a line break in it must not begin a line of its own.
    return json.dumps(text, ensure_ascii=not text.isprintable())


def set_up(level: str) -> None:
    """Write the relay's facts to standard error from this level on: 'debug', 'info', 'warning' or 'error'."""
    out = logging.StreamHandler(sys.stderr)
    out.setFormatter(FactFormatter())
    logger = logging.getLogger("relay")
    logger.handlers[:] = [out]
    logger.setLevel(level.upper())
    logger.propagate = False
