"""Conditions of policies on the management port: they see what is done, and nothing that a request merely says."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.support.console import Console, consoling
from tests.support.grants import policy, statement
from tests.support.server import ACCOUNT, LIMITED

from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.engine.content import Content
from trug.engine.drafts import Draft

BUCKET = "arn:aws:s3:::homes"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


@pytest.fixture(scope="module")
def console() -> Iterator[Console]:
    with consoling() as running:
        bucket = running.run(running.engine.buckets.create("homes", account=ACCOUNT.id, region="us-east-1", tags={}))
        for key in ("home/bob/a.txt", "home/eve/secret.txt", "top.txt"):
            running.run(running.engine.objects.put(bucket, key, Content(b"x"), Draft(), NO_WRITE_CONDITIONS))
        yield running


@pytest.fixture
def bob(console: Console) -> Iterator[httpx.Client]:
    with console.http(LIMITED, "/api/v1") as client:
        yield client
    console.let("bob")


WITH_A_DELIMITER = {"StringEquals": {"s3:prefix": ["", "home/"], "s3:delimiter": ["/"]}}
"""As AWS's example of home folders lets users see the folders of a bucket, and not what is in them."""


@pytest.mark.parametrize("path", ["/list", "/search", "/buckets/stats", "/buckets/upload-types"])
@pytest.mark.parametrize("prefix", ["", "home/"])
def test_a_delimiter_that_nobody_heeds_is_none(console: Console, bob: httpx.Client, path: str, prefix: str) -> None:
    console.let("bob", policy(statement("Allow", "s3:ListBucket", BUCKET, Condition=WITH_A_DELIMITER)))
    asked = {"bucket": "homes", "prefix": prefix, "delimiter": "/"}
    assert bob.get(path, params=asked).status_code == 403
    told = bob.get("/events", params=asked).json()["events"]
    assert told == []


def test_a_prefix_counts_where_it_is_heeded(console: Console, bob: httpx.Client) -> None:
    mine = {"StringLike": {"s3:prefix": "home/bob/*"}}
    console.let("bob", policy(statement("Allow", "s3:ListBucket", BUCKET, Condition=mine)))
    asked = {"bucket": "homes", "prefix": "home/bob/"}
    assert [file["key"] for file in bob.get("/list", params=asked).json()["files"]] == ["home/bob/a.txt"]
    assert [found["key"] for found in bob.get("/search", params=asked).json()["objects"]] == ["home/bob/a.txt"]
    assert [event["key"] for event in bob.get("/events", params=asked).json()["events"]] == ["home/bob/a.txt"]
    for path in ("/buckets/stats", "/buckets/upload-types"):
        assert bob.get(path, params=asked).status_code == 403


@pytest.mark.parametrize(
    ("key", "name", "value"),
    [
        ("s3:x-amz-server-side-encryption", "x-amz-server-side-encryption", "AES256"),
        ("s3:x-amz-acl", "x-amz-acl", "bucket-owner-full-control"),
        ("s3:x-amz-storage-class", "x-amz-storage-class", "STANDARD_IA"),
        ("s3:RequestObjectTag/team", "x-amz-tagging", "team=AES256"),
        ("s3:object-lock-mode", "x-amz-object-lock-mode", "GOVERNANCE"),
        ("s3:if-none-match", "if-none-match", "*"),
    ],
)
def test_headers_that_nobody_heeds_are_none(
    console: Console, bob: httpx.Client, key: str, name: str, value: str
) -> None:
    wanted = {"StringEquals": {key: value.rpartition("=")[2]}}
    console.let("bob", policy(statement("Allow", "s3:PutObject", f"{BUCKET}/*", Condition=wanted)))
    answer = bob.post("/upload", data={"bucket": "homes"}, files={"file": ("a.png", PNG)}, headers={name: value})
    assert answer.status_code == 403


def test_parameters_that_nobody_heeds_are_none(console: Console, bob: httpx.Client) -> None:
    a_part = {"Bool": {"s3:ObjectCreationOperation": "false"}}
    console.let("bob", policy(statement("Allow", "s3:PutObject", f"{BUCKET}/*", Condition=a_part)))
    file = {"file": ("a.png", PNG)}
    assert bob.post("/upload?partNumber=1", data={"bucket": "homes"}, files=file).status_code == 403


def test_what_a_request_is_signed_with_still_counts(console: Console, bob: httpx.Client) -> None:
    by_curl = {"StringLike": {"aws:UserAgent": "curl/*"}, "StringEquals": {"s3:authType": "REST-HEADER"}}
    console.let("bob", policy(statement("Allow", "s3:ListBucket", BUCKET, Condition=by_curl)))
    assert bob.get("/list?bucket=homes").status_code == 403
    assert bob.get("/list?bucket=homes", headers={"user-agent": "curl/8", "x-amz-acl": "private"}).status_code == 200
