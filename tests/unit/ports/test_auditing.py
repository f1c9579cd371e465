"""Nothing that is managed can be changed without the audit trail telling of it."""

from __future__ import annotations

import inspect

from trug.domain import audit
from trug.domain.configurations import INVENTORY, LIFECYCLE
from trug.engine.renaming import TOKENS
from trug.iam.keys import ROLE_USED, USED
from trug.ports import effects
from trug.ports.auditing import BOOKKEEPING, TELLINGS
from trug.ports.changes import Effect


def test_every_effect_that_refreshes_is_told() -> None:
    kinds = {kind for _, kind in inspect.getmembers(effects, inspect.isclass) if issubclass(kind, Effect)}
    assert {kind for kind in kinds if kind.refreshes} <= TELLINGS.keys()


def test_what_is_bookkeeping() -> None:
    assert {audit.KIND, LIFECYCLE, INVENTORY, TOKENS, USED, ROLE_USED} == BOOKKEEPING
