"""Read and change the stored rows behind the stores, on each database."""
