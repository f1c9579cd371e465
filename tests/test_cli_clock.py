"""``trug clock accept``: on a stopped store and in a running server."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.processes import run, serving


def accepted(directory: Path) -> str:
    done = run(directory, "clock", "accept", "--dir", "data", "--json")
    assert done.returncode == 0, done.stderr
    time: str = json.loads(done.stdout)["clock"]["lock_time"]
    return time


def test_the_clock_is_accepted(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        running = accepted(tmp_path)
        assert server.terminate() == 0
    assert accepted(tmp_path) >= running
