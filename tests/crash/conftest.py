"""Fixtures of the crash tests."""

from tests.crash.fixtures import stand

__all__ = ["stand"]
