"""Object Lock in headers."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.retention import COMPLIANCE, GOVERNANCE, Lock
from trug.wire.locking import asks_to_bypass, demand_digest, lock_asked, lock_headers
from trug.wire.request import Headers

MODE, UNTIL, HOLD = "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date", "x-amz-object-lock-legal-hold"
DATE, TIME = "2023-11-14T22:13:20Z", 1_700_000_000_000_000


def of(headers: Mapping[str, str]) -> Headers:
    return Headers([(name.encode(), value.encode()) for name, value in headers.items()])


ASKED = {
    "nothing": ({"x-amz-meta-x-amz-object-lock-mode": "x"}, None),
    "retention": ({MODE: GOVERNANCE, UNTIL: DATE}, Lock(GOVERNANCE, TIME)),
    "hold": ({HOLD: "ON"}, Lock(hold="ON")),
    "no hold": ({HOLD: "OFF"}, Lock(hold="OFF")),
    "both": ({MODE: COMPLIANCE, UNTIL: DATE, HOLD: "ON"}, Lock(COMPLIANCE, TIME, "ON")),
}


@pytest.mark.parametrize(("headers", "lock"), ASKED.values(), ids=ASKED)
def test_what_is_asked_for(headers: Mapping[str, str], lock: Lock | None) -> None:
    assert lock_asked(of(headers)) == lock


def test_what_is_shown_can_be_asked_for() -> None:
    for _, lock in ASKED.values():
        if lock is not None:
            assert lock_asked(of(lock_headers(lock))) == lock
    assert lock_headers(Lock()) == {}


DIGESTS = ["content-md5", "x-amz-checksum-sha256", "x-amz-trailer"]
NO_DIGESTS = ["x-amz-content-sha256", "x-amz-checksum-type", "x-amz-checksum-algorithm", "x-amz-sdk-checksum-algorithm"]


@pytest.mark.parametrize("name", [*DIGESTS, *NO_DIGESTS])
def test_what_counts_as_a_digest(name: str) -> None:
    if name in DIGESTS:
        demand_digest(of({name: "x"}))
        return
    with pytest.raises(S3Error) as refused:
        demand_digest(of({name: "x"}))
    assert refused.value.code is ErrorCode.InvalidRequest


@pytest.mark.parametrize(
    ("value", "asks"), [("true", True), ("True", True), ("false", False), ("", False), ("1", False)]
)
def test_what_asks_to_bypass(value: str, *, asks: bool) -> None:
    assert asks_to_bypass(of({"x-amz-bypass-governance-retention": value})) is asks
    assert not asks_to_bypass(of({}))
