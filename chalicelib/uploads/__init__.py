"""Use cases of uploads: grants, confirmation and moderation."""
