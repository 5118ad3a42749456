"""Differential histories: run the same operations on two databases, and compare all that anyone can see."""
