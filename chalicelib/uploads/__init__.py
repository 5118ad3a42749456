"""Use cases of uploading: grants, confirmation and moderation."""
