"""Commands that an operator or CI runs for a package or a stage. The docstring of each command shows its arguments."""
