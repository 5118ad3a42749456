"""What is done to a stage from a desk or from CI: its resources, its package, its dead letters."""
