"""The adapters: one module for each sender, one line for each in SENDERS."""
