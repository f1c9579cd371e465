"""The services beside S3 on the management port: one table of endpoints, one way for every request."""
