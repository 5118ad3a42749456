"""S3: objects, presigned and signed URLs."""
