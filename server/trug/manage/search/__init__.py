"""Search over objects."""
