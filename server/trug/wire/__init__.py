"""S3's dialect over HTTP, pure: no sockets, no files."""
