"""The rules of S3 over the ports."""
