"""Accounts, users and their keys."""
