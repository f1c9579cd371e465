"""``python -m benchmarks.profiled DIR serve …``: trug under cProfile from SIGUSR1 to SIGUSR2, one file a thread."""

from __future__ import annotations

import cProfile
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

profiles: dict[str, cProfile.Profile] = {}
wanted = threading.Event()


def begin(_number: int, _frame: Any) -> None:
    wanted.set()
    _profile_this_thread("loop")


def end(_number: int, _frame: Any) -> None:
    wanted.clear()
    profiles["loop"].disable()


def begin_thread(_frame: Any, _event: str, _argument: Any) -> None:
    """Called at each call of a thread that is not profiled yet."""
    name = threading.current_thread().name
    if wanted.is_set() and name not in profiles:
        _profile_this_thread(name)


def _profile_this_thread(name: str) -> None:
    profiles[name] = cProfile.Profile(time.thread_time)
    profiles[name].enable()


def main() -> None:
    place, *arguments = sys.argv[1:]
    signal.signal(signal.SIGUSR1, begin)
    signal.signal(signal.SIGUSR2, end)
    threading.setprofile(begin_thread)
    from trug.cli import main as trug

    code = trug(arguments)
    for name, profile in profiles.items():
        profile.dump_stats(Path(place) / f"{name.replace('/', '-')}.prof")
    sys.exit(code)


if __name__ == "__main__":
    main()
