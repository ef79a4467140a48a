"""Other rules for a hook, tried on every event that it accepts, and never sent.

follow   maps what a hook accepted by both its rules, a little after it was accepted, and counts what differs
told     what was found, with the events that differ last, for the command and for the page
"""

from relay.shadow.follow import Follower
from relay.shadow.told import Told, told_json, told_of, with_shadow

__all__ = ["Follower", "Told", "told_json", "told_of", "with_shadow"]
