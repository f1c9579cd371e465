"""A few thousand documents that no one should have written; the long run is ``python -m tests.fuzz.policies``."""

from __future__ import annotations

import pytest
from tests.fuzz.policies import run


@pytest.mark.parametrize("seed", range(4))
def test_policies_are_stored_or_refused(seed: int) -> None:
    told = run(500, seed)
    assert told["stored"] > 60 and len(told) > 20
