"""The change feed for applications."""
