"""The commands of ``relay``, one module each: they read the settings, call what does the work, and print."""
