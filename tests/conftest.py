"""What all tests share: how hypothesis behaves here."""

from __future__ import annotations

import os

from hypothesis import Phase, settings

settings.register_profile(
    "trug",
    deadline=None,  # no timed assertion: machines differ
    phases=[phase for phase in Phase if phase is not Phase.explain],
    derandomize="CI" in os.environ,
)
settings.load_profile("trug")
