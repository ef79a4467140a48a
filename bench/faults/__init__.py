"""Proves by violence that nothing is lost: real processes, real Redis, ``kill -9`` at random moments while events flow.

``traffic`` is the senders, ``house`` the processes, ``killing`` the accidents, ``finding`` what is looked at.
``run`` plays it all once; ``python -m bench.faults`` does so from a terminal, the test suite for some twenty seconds.
"""

from bench.faults.run import Result, play

__all__ = ["Result", "play"]
