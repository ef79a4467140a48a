"""Example events held to what was recorded of them: the unit tests of hook files.

Beside ``rules/cotiza.yaml`` stands ``rules/cotiza/full.json``, an event as its sender sends it, and
``full.expected.yaml``, what the rules are to make of it. ``relay test`` runs them, ``relay check`` names what differs.

running    an example through parse and map, as the door does it
pages      the recorded file: written as a person reads it, and read with its lines
judging    what was made held against what was recorded: which field, which line
reasons    which rule a value comes from, or why none gives it
recording  the recorded file written anew, where it differs
"""

from relay.trials.judging import Deviation, Standing, Verdict, judged, problems
from relay.trials.recording import Recorded, record
from relay.trials.running import Ran, Trial, ran_example

__all__ = [
    "Deviation",
    "Ran",
    "Recorded",
    "Standing",
    "Trial",
    "Verdict",
    "judged",
    "problems",
    "ran_example",
    "record",
]
