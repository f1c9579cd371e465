"""Nothing that is managed can be changed without the audit trail telling of it."""

from __future__ import annotations

import hashlib
import inspect

import pytest

from trug.domain import audit
from trug.domain.acl import pack_acl, private
from trug.domain.configurations import INVENTORY, LIFECYCLE
from trug.domain.public_access import ALL_BLOCKED, SETTINGS, pack_block
from trug.engine.renaming import TOKENS
from trug.iam.keys import ROLE_USED, USED
from trug.iam.sts.sessions import REVOKED
from trug.ports import effects
from trug.ports.auditing import BOOKKEEPING, PACKED, TELLINGS, shown
from trug.ports.changes import Effect


def test_every_effect_that_refreshes_is_told() -> None:
    kinds = {kind for _, kind in inspect.getmembers(effects, inspect.isclass) if issubclass(kind, Effect)}
    assert {kind for kind in kinds if kind.refreshes} <= TELLINGS.keys()


def test_what_is_bookkeeping() -> None:
    assert {audit.KIND, LIFECYCLE, INVENTORY, TOKENS, USED, ROLE_USED} == BOOKKEEPING


@pytest.mark.parametrize(
    ("kind", "document", "value"),
    [
        ("policy", b'{"Version":\n "2012-10-17"}', '{"Version":\n "2012-10-17"}'),
        ("tagging", b"\x81\xa1a\xa1b", {"a": "b"}),
        ("ownership", b"", ""),
        ("public-access-block", pack_block(ALL_BLOCKED), dict.fromkeys(SETTINGS, True)),
        ("acl", pack_acl(private("me")).encode(), {"owner": "me", "grants": ["FULL_CONTROL to me"]}),
        (REVOKED, (5).to_bytes(8, "big"), 5),
        ("acl", b"\xc1\xc1", {"bytes": 2, "sha256": hashlib.sha256(b"\xc1\xc1").hexdigest()}),
        ("policy", None, None),
    ],
)
def test_documents_are_told_so_that_people_can_read_them(kind: str, document: bytes | None, value: object) -> None:
    assert shown(kind, document) == value


def test_what_is_packed_is_no_bookkeeping() -> None:
    assert REVOKED in PACKED
    assert not PACKED.keys() & BOOKKEEPING
