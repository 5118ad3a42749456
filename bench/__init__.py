"""Measure the figures in docs/reference/figures.md and the other documents."""
