"""Profiles of those who use the services."""
