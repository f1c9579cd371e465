"""Jobs are played over both pairs of stores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.stores import Scene, play_on


@pytest.fixture(params=["memory", "sql"])
def on(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Scene], None]:
    """Plays a scene on an engine over a new store."""
    return lambda scene: play_on(request.param, tmp_path, scene)
