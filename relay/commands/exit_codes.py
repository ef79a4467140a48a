"""What the exit codes mean, in the words of every help."""

EXIT_CODES = "Exit codes: 0 done; 1 a fault; 2 wrong usage, settings or rules; 3 nothing matched, or not all was done."
