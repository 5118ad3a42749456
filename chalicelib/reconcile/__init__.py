"""Reconciliation: compare objects, rows and users with each other, report differences, and repair them on request."""
