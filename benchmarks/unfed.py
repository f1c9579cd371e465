"""``python -m benchmarks.unfed serve …``: trug without its feed of changes, to see what the feed costs."""

from __future__ import annotations

import sys

from benchmarks.processes import ROOT

sys.path.insert(0, str(ROOT / "server"))

from trug.adapters.sql import batch
from trug.cli import main
from trug.ports.effects import Announce


def unannounced(_: batch.Batch, __: Announce) -> None:
    """Tell nobody."""


if __name__ == "__main__":
    batch.OWN_EFFECTS[Announce] = unannounced
    sys.exit(main(sys.argv[1:]))
