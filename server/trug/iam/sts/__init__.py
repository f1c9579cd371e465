"""Temporary credentials, and who may have them."""
