"""What RQ runs: drains that deliver, and the script that starts the workers."""
