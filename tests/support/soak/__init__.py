"""Load, kills and faults on a local cloud for ten minutes."""
