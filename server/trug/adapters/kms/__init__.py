"""Where the keys of encryption at rest are kept: a file of our own, or a service."""
