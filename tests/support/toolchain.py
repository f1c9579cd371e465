"""What tests need from the system: they skip where it is missing, except where everything has to be there."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def program(*names: str) -> str:
    """The path of the first of these programs that is there. Without any the test is skipped; with CI=true it fails."""
    path = next(filter(None, map(shutil.which, names)), None)
    return path or missing(f"none of these programs is installed: {', '.join(names)}")


def missing(reason: str) -> NoReturn:
    """End a test that cannot run here: skipped, or with CI=true failed."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)
