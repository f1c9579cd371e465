"""What S3 can do, one table of operations."""
