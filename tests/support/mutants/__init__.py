"""Mutation testing: change the code in small steps, and check that a test fails for each of the changes."""
