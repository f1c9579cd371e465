"""The query APIs of IAM and STS, on the port of S3."""
