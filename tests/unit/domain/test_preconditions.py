"""Conditions of reads and writes."""

from __future__ import annotations

import pytest

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.objects import Listing
from trug.domain.preconditions import NO_CONDITIONS, NO_WRITE_CONDITIONS, ReadConditions, WriteConditions

ETAG = "9a0364b9e99bb480dd25e1f0284c8555"
OTHER = "0" * 32
SECOND = 1_000_000
NOW = 1_795_000_000 * SECOND
MODIFIED = NOW + 400_000
EARLIER, LATER = NOW - SECOND, NOW + SECOND

HOLDS = {
    "nothing-asked": ReadConditions(),
    "I6-match": ReadConditions(if_match=f'"{ETAG}"'),
    "I6-match-bare": ReadConditions(if_match=ETAG),
    "I6-match-any": ReadConditions(if_match="*"),
    "I6-match-in-list": ReadConditions(if_match=f'"{OTHER}", "{ETAG}"'),
    "I6-match-in-bare-list": ReadConditions(if_match=f"{OTHER},{ETAG}"),
    "I6-none-match": ReadConditions(if_none_match=f'"{OTHER}"'),
    "I6-none-match-not-inside-a-tag": ReadConditions(if_none_match=f'"x{ETAG}", "a,{ETAG}"'),
    "I6-modified": ReadConditions(if_modified_since=EARLIER),
    "I6-unmodified": ReadConditions(if_unmodified_since=LATER),
    "I6-unmodified-same-second": ReadConditions(if_unmodified_since=NOW),
    "I6-match-silences-unmodified": ReadConditions(if_match=ETAG, if_unmodified_since=EARLIER),
    "I6-none-match-silences-modified": ReadConditions(if_none_match=OTHER, if_modified_since=LATER),
    "I6-all": ReadConditions(ETAG, OTHER, EARLIER, LATER),
}
FAILS = {
    "I6-match": (ReadConditions(if_match=f'"{OTHER}"'), "If-Match"),
    "I6-match-empty": (ReadConditions(if_match=""), "If-Match"),
    "I6-match-empty-tag": (ReadConditions(if_match='""'), "If-Match"),
    "I6-match-weak": (ReadConditions(if_match=f'W/"{ETAG}"'), "If-Match"),
    "I6-match-half-quoted": (ReadConditions(if_match=f'"{OTHER}'), "If-Match"),
    "I6-unmodified": (ReadConditions(if_unmodified_since=EARLIER), "If-Unmodified-Since"),
    "I6-match-comes-first": (ReadConditions(if_match=OTHER, if_none_match=ETAG), "If-Match"),
    "I6-unmodified-before-none-match": (
        ReadConditions(if_unmodified_since=EARLIER, if_none_match=ETAG),
        "If-Unmodified-Since",
    ),
}
UNCHANGED = {
    "I6-none-match": (ReadConditions(if_none_match=f'"{ETAG}"'), "If-None-Match"),
    "I6-none-match-bare": (ReadConditions(if_none_match=ETAG), "If-None-Match"),
    "I6-none-match-weak": (ReadConditions(if_none_match=f'W/"{ETAG}"'), "If-None-Match"),
    "I6-none-match-any": (ReadConditions(if_none_match="*"), "If-None-Match"),
    "I6-none-match-in-list": (ReadConditions(if_none_match=f'"{OTHER}",W/"{ETAG}"'), "If-None-Match"),
    "I6-modified": (ReadConditions(if_modified_since=LATER), "If-Modified-Since"),
    "I6-modified-same-second": (ReadConditions(if_modified_since=NOW), "If-Modified-Since"),
    "I6-match-and-none-match": (ReadConditions(if_match=ETAG, if_none_match=ETAG), "If-None-Match"),
}


@pytest.mark.parametrize("conditions", HOLDS.values(), ids=HOLDS)
def test_a_read_that_may_go_on(conditions: ReadConditions) -> None:
    conditions.check(ETAG, MODIFIED)


@pytest.mark.parametrize(("conditions", "condition"), FAILS.values(), ids=FAILS)
def test_a_read_whose_condition_fails(conditions: ReadConditions, condition: str) -> None:
    with pytest.raises(S3Error) as failed:
        conditions.check(ETAG, MODIFIED)
    assert failed.value.code is ErrorCode.PreconditionFailed
    assert failed.value.fields == {"Condition": condition}


@pytest.mark.parametrize(("conditions", "condition"), UNCHANGED.values(), ids=UNCHANGED)
def test_a_read_of_what_the_client_has(conditions: ReadConditions, condition: str) -> None:
    with pytest.raises(S3Error) as unchanged:
        conditions.check(ETAG, MODIFIED)
    assert unchanged.value.code is ErrorCode.NotModified
    assert unchanged.value.headers == {"etag": f'"{ETAG}"'}


@pytest.mark.parametrize(("conditions", "condition"), (FAILS | UNCHANGED).values(), ids=FAILS | UNCHANGED)
def test_a_copy_source_always_fails(conditions: ReadConditions, condition: str) -> None:
    source = ReadConditions(
        conditions.if_match,
        conditions.if_none_match,
        conditions.if_modified_since,
        conditions.if_unmodified_since,
        is_source=True,
    )
    with pytest.raises(S3Error) as failed:
        source.check(ETAG, MODIFIED)
    assert failed.value.code is ErrorCode.PreconditionFailed
    assert failed.value.fields == {"Condition": f"x-amz-copy-source-{condition}"}


CURRENT = Listing(ETAG, 5, MODIFIED)
WRITES = {
    "nothing-asked": (WriteConditions(), CURRENT),
    "nothing-asked-of-nothing": (WriteConditions(), None),
    "match": (WriteConditions(if_match=f'"{ETAG}"'), CURRENT),
    "match-bare": (WriteConditions(if_match=ETAG), CURRENT),
    "match-any": (WriteConditions(if_match="*"), CURRENT),
    "I13-none-match-missing": (WriteConditions(if_none_match="*"), None),
    "time": (WriteConditions(if_match_modified=NOW), CURRENT),
    "size": (WriteConditions(if_match_size=5), CURRENT),
    "all": (WriteConditions(if_match=ETAG, if_match_modified=NOW, if_match_size=5), CURRENT),
    "time-missing": (WriteConditions(if_match_modified=NOW), None),
    "size-missing": (WriteConditions(if_match_size=5), None),
}
REFUSED_WRITES = {
    "none-match": (WriteConditions(if_none_match="*"), "If-None-Match"),
    "match": (WriteConditions(if_match=OTHER), "If-Match"),
    "match-weak": (WriteConditions(if_match=f'W/"{ETAG}"'), "If-Match"),
    "time": (WriteConditions(if_match_modified=LATER), "x-amz-if-match-last-modified-time"),
    "size": (WriteConditions(if_match_size=6), "x-amz-if-match-size"),
    "size-nothing": (WriteConditions(if_match_size=0), "x-amz-if-match-size"),
    "both": (WriteConditions(if_match=ETAG, if_none_match="*"), "If-None-Match"),
}


@pytest.mark.parametrize(("conditions", "current"), WRITES.values(), ids=WRITES)
def test_a_write_that_may_go_on(conditions: WriteConditions, current: Listing | None) -> None:
    conditions.check(current)


@pytest.mark.parametrize(("conditions", "condition"), REFUSED_WRITES.values(), ids=REFUSED_WRITES)
def test_a_write_whose_condition_fails(conditions: WriteConditions, condition: str) -> None:
    with pytest.raises(S3Error) as failed:
        conditions.check(CURRENT)
    assert failed.value.code is ErrorCode.PreconditionFailed
    assert failed.value.fields == {"Condition": condition}


@pytest.mark.parametrize("etag", [ETAG, "*"], ids=["I8-etag", "I8-any"])
def test_if_match_on_a_missing_key(etag: str) -> None:
    with pytest.raises(S3Error) as failed:
        WriteConditions(if_match=etag).check(None)
    assert failed.value.code is ErrorCode.NoSuchKey


def test_what_is_empty() -> None:
    assert NO_CONDITIONS.is_empty
    assert NO_WRITE_CONDITIONS.is_empty
    assert not ReadConditions(if_modified_since=0).is_empty
    assert not WriteConditions(if_match_size=0).is_empty
