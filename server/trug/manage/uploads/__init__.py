"""Presigned uploads: a URL for a file, and what becomes of it."""
