"""Objects in S3, presigned URLs and signed URLs."""
