"""Fixtures of the fault tests."""

from tests.crash.fixtures import stand

__all__ = ["stand"]
