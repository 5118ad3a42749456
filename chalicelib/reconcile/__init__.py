"""Reconciliation: compare objects, rows and users with each other, report what differs, and repair it if asked."""
