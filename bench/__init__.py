"""What it costs: every figure as a ratio against a floor measured in the same run."""
