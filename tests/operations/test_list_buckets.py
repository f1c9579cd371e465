"""ListBuckets."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.server import ACCOUNT, OTHER_ACCOUNT, REGION, STRANGER, USER, Server


def names(answer: Any) -> list[str]:
    return [bucket["Name"] for bucket in answer["Buckets"]]


@pytest.fixture
def three(server: Server) -> list[str]:
    """Three buckets with a prefix of their own."""
    prefix = server.make_bucket()
    made = [f"{prefix}.{letter}" for letter in "cab"]
    for name in made:
        server.client().create_bucket(Bucket=name)
    return sorted(made)


def test_lists_all_buckets_of_the_account_by_name(server: Server, s3: Any, three: list[str]) -> None:
    foreign = server.make_bucket(account=OTHER_ACCOUNT)
    answer = s3.list_buckets()
    assert names(answer) == sorted(names(answer))
    assert set(three) <= set(names(answer))
    assert foreign not in names(answer)
    assert names(server.client(USER).list_buckets()) == names(answer)
    assert foreign in names(server.client(STRANGER).list_buckets())


def test_prefix(s3: Any, three: list[str]) -> None:
    prefix = three[0][:-1]
    answer = s3.list_buckets(Prefix=prefix)
    assert (names(answer), answer["Prefix"]) == (three, prefix)
    assert "ContinuationToken" not in answer
    assert names(s3.list_buckets(Prefix=f"{prefix}none")) == []


@pytest.mark.parametrize("size", [1, 2, 3, 10_000])
def test_pages(s3: Any, three: list[str], size: int) -> None:
    pages = list(s3.get_paginator("list_buckets").paginate(Prefix=three[0][:-1], PaginationConfig={"PageSize": size}))
    assert [name for page in pages for name in names(page)] == three
    assert len(pages) == -(-3 // size)
    assert all(three[0] not in page.get("ContinuationToken", "") for page in pages)


def test_region(s3: Any, three: list[str]) -> None:
    prefix = three[0][:-1]
    answer = s3.list_buckets(Prefix=prefix, BucketRegion=REGION)
    assert [bucket["BucketRegion"] for bucket in answer["Buckets"]] == [REGION] * 3
    assert names(s3.list_buckets(Prefix=prefix, BucketRegion="eu-west-1")) == []


def test_what_it_tells(server: Server, three: list[str]) -> None:
    answer = server.ask("GET", "/")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/xml")
    assert answer.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<ListAllMyBucketsResult xmlns="http://s3.')
    assert answer.texts("ID") == [ACCOUNT.canonical_id]
    assert not answer.texts("DisplayName")  # trap 75
    assert not answer.texts("BucketRegion")  # only told where a parameter was given
    assert all(date.endswith("Z") and len(date) == 24 for date in answer.texts("CreationDate"))


def test_display_name_where_the_account_has_one(server: Server) -> None:
    assert server.ask("GET", "/", keys=STRANGER).texts("DisplayName") == [OTHER_ACCOUNT.display_name]


@pytest.mark.parametrize(
    "query",
    [
        *("max-buckets=0", "max-buckets=10001", "max-buckets=-1", "max-buckets=x", "max-buckets=1.5"),
        *(
            "continuation-token=x",
            "continuation-token=YQ%3D%3D",
            "continuation-token=%C3%BF",
            "continuation-token=a%20b",
        ),
    ],
)
def test_invalid_arguments(server: Server, query: str) -> None:
    answer = server.ask("GET", f"/?{query}")
    assert (answer.status, answer.code) == (400, "InvalidArgument")


def test_blank_parameters_are_none(server: Server) -> None:
    answer = server.ask("GET", "/?continuation-token=&max-buckets=&prefix=&bucket-region=")
    assert answer.status == 200
    assert answer.texts("Prefix") == [""]


def test_nobody_lists_nothing(server: Server) -> None:
    answer = server.send("GET", "/", {})
    assert (answer.status, answer.code) == (403, "AccessDenied")


def test_a_wrong_secret(server: Server) -> None:
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        server.client(("AKIAROOT", "wrong")).list_buckets()
