"""Background jobs: the queue, the registry, and one file per job."""
