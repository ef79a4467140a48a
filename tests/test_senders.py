"""The security suite over every sender in SENDERS."""

# Its tests are collected here; a list of their names would have to be kept.
from tests.sender_security import *  # noqa: F403
