"""Bytes in local files."""
