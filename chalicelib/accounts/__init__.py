"""Use cases of accounts: usage and deletion."""
