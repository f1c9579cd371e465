"""The documents that clients send, one module each."""
