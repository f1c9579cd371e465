"""JSON documents that applications keep."""
