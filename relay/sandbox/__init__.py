"""The documented lead API in miniature, with faults on demand: what tests, benchmarks and ``relay up`` talk to.

``wire`` reads requests and writes answers, ``service`` takes each through the ``faults`` of the moment, ``account``
decides it by the rules of ``leads`` and ``finding``, ``journal`` remembers what came and in which order. ``senders``
stands in for the APIs of Meta and LinkedIn, ``control`` is what none of them has (``/_sandbox/...``), and ``server``
runs it all, as a process (``run``) or inside a test (``Sandbox``).
"""

from relay.sandbox.server import Sandbox, main, run

__all__ = ["Sandbox", "main", "run"]
