"""The exit codes that are not 0 or 1, and what all of them mean in the words of every help."""

EXIT_CODES = "Exit codes: 0 done; 1 a fault; 2 wrong usage, settings or rules; 3 nothing matched, or not all was done."
#: Nothing matched, or not all of it was done.
NOTHING = 3
#: The command itself is wrong.
WRONG = 2
