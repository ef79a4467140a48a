"""The documented lead API in miniature, with faults on demand: what tests, benchmarks and ``relay up`` talk to.

``wire`` reads requests and writes answers, ``service`` decides each one by the rules of ``leads`` and the ``faults``
of the moment, ``journal`` remembers what came and in which order, ``control`` is what the real API has not
(``/_sandbox/...``), and ``server`` runs it all, as a process (``run``) or inside a test (``Sandbox``).
"""

from relay.sandbox.server import Sandbox, main, run

__all__ = ["Sandbox", "main", "run"]
