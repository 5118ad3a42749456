"""Use cases of photos: read, change, trash, list and rate."""
