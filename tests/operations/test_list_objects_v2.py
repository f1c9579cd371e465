"""ListObjectsV2."""

from __future__ import annotations

from typing import Any

import pytest
from minio import Minio
from tests.support.server import OTHER_ACCOUNT, ROOT, STRANGER, Answer, Server


def fill(s3: Any, bucket: str, *keys: str) -> None:
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")


def ask(server: Server, bucket: str, query: str = "") -> Answer:
    return server.ask("GET", f"/{bucket}?list-type=2{query}")


def shown(page: dict[str, Any]) -> list[str]:
    return [e["Key"] for e in page.get("Contents", [])] + [e["Prefix"] for e in page.get("CommonPrefixes", [])]


def test_an_empty_bucket(server: Server, bucket: str) -> None:
    answer = ask(server, bucket)
    expected = {"Name": bucket, "Prefix": "", "KeyCount": "0", "MaxKeys": "1000", "IsTruncated": "false"}
    assert {name: answer.texts(name) for name in expected} == {name: [text] for name, text in expected.items()}
    absent = ("Contents", "NextContinuationToken", "ContinuationToken", "StartAfter", "Delimiter", "Marker")
    assert not [name for name in absent if answer.texts(name)]


def test_owner_when_asked(s3: Any, server: Server) -> None:
    theirs = server.make_bucket(account=OTHER_ACCOUNT)
    stranger = server.client(STRANGER)
    fill(stranger, theirs, "a")
    assert "Owner" not in stranger.list_objects_v2(Bucket=theirs)["Contents"][0]
    (entry,) = stranger.list_objects_v2(Bucket=theirs, FetchOwner=True)["Contents"]
    assert entry["Owner"] == {"ID": OTHER_ACCOUNT.canonical_id, "DisplayName": "Other & Co"}


def test_trap_27_order_of_utf_8_bytes(s3: Any, bucket: str) -> None:
    keys = ["a-b", "a/b", "a", "A", "aa", "\ufb01", "\U0001f600", "\u00e9", "e\u0301", "0", "~"]
    fill(s3, bucket, *keys)
    assert shown(s3.list_objects_v2(Bucket=bucket)) == sorted(keys, key=str.encode)


def test_pages(s3: Any, bucket: str) -> None:
    keys = [f"{number:03}" for number in range(7)]
    fill(s3, bucket, *keys)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 3})
    found = list(pages)
    assert [shown(page) for page in found] == [keys[:3], keys[3:6], keys[6:]]
    assert [page["KeyCount"] for page in found] == [3, 3, 1]
    assert found[1]["ContinuationToken"] == found[0]["NextContinuationToken"]


def test_trap_30_common_prefixes(s3: Any, bucket: str) -> None:
    fill(s3, bucket, "a/1", "a/2", "a/3", "b", "c/1", "d/1/2")
    whole = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert (shown(whole), whole["KeyCount"]) == (["b", "a/", "c/", "d/"], 4)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 1})
    assert [shown(page) for page in pages] == [["a/"], ["b"], ["c/"], ["d/"]]
    inside = s3.list_objects_v2(Bucket=bucket, Prefix="d/", Delimiter="/")
    assert (shown(inside), inside["Prefix"], inside["Delimiter"]) == (["d/1/"], "d/", "/")


def test_start_after(s3: Any, bucket: str) -> None:
    fill(s3, bucket, "a", "b", "c")
    page = s3.list_objects_v2(Bucket=bucket, StartAfter="a", MaxKeys=1)
    assert (shown(page), page["StartAfter"]) == (["b"], "a")
    following = s3.list_objects_v2(Bucket=bucket, StartAfter="a", ContinuationToken=page["NextContinuationToken"])
    assert (shown(following), following["StartAfter"]) == (["c"], "a")
    assert shown(s3.list_objects_v2(Bucket=bucket, StartAfter="zzz")) == []


@pytest.mark.parametrize("token", ["", "garbage", "YQ%3D%3D", "%00", "AXRydWc", "%C3%A9", "a" * 5000])
def test_tokens_that_are_none(server: Server, bucket: str, token: str) -> None:
    answer = ask(server, bucket, f"&continuation-token={token}")
    assert (answer.code, answer.texts("ArgumentName")) == ("InvalidArgument", ["continuation-token"])


@pytest.mark.parametrize("prefix", ["100%", "100_", "'; DROP TABLE x; --", "a\\"])
def test_g16_text_is_literal(s3: Any, bucket: str, prefix: str) -> None:
    fill(s3, bucket, prefix + "x", "100ax", "unrelated")
    assert shown(s3.list_objects_v2(Bucket=bucket, Prefix=prefix)) == [prefix + "x"]


def test_g17_odd_delimiters(s3: Any, bucket: str) -> None:
    fill(s3, bucket, "a::b", "a::c", "aéb", "d")
    assert shown(s3.list_objects_v2(Bucket=bucket, Delimiter="::")) == ["aéb", "d", "a::"]
    assert shown(s3.list_objects_v2(Bucket=bucket, Delimiter="é")) == ["a::b", "a::c", "d", "aé"]
    assert shown(s3.list_objects_v2(Bucket=bucket, Delimiter="nowhere")) == ["a::b", "a::c", "aéb", "d"]


def test_trap_29_control_characters(server: Server, s3: Any, bucket: str) -> None:
    fill(s3, bucket, "a\x01b", "a\nb")
    assert shown(s3.list_objects_v2(Bucket=bucket)) == ["a\x01b", "a\nb"]
    plain = ask(server, bucket)
    assert plain.body.startswith(b'<?xml version="1.1"')
    assert b"<Key>a&#x1;b</Key>" in plain.body


def test_max_keys(server: Server, s3: Any, bucket: str) -> None:
    fill(s3, bucket, "a")
    for text in ("-1", "abc", str(2**31)):
        assert ask(server, bucket, f"&max-keys={text}").code == "InvalidArgument"
    none = ask(server, bucket, "&max-keys=0")
    assert (none.texts("KeyCount"), none.texts("IsTruncated")) == (["0"], ["false"])


def test_unknown_parameters_are_passed_over(server: Server, bucket: str) -> None:
    assert ask(server, bucket, "&metadata=true&x-id=ListObjectsV2").status == 200


def test_minio_lists(server: Server, s3: Any, bucket: str) -> None:
    fill(s3, bucket, "a/1", "b c")
    address = server.endpoint.removeprefix("http://")
    client = Minio(address, access_key=ROOT[0], secret_key=ROOT[1], secure=False, region="us-east-1")
    found = client.list_objects(bucket, recursive=True, include_user_meta=True, fetch_owner=True)
    assert [entry.object_name for entry in found] == ["a/1", "b c"]
    assert [entry.object_name for entry in client.list_objects(bucket)] == ["b c", "a/"]


def test_who_may(server: Server, bucket: str) -> None:
    assert server.ask("GET", f"/{bucket}?list-type=2", keys=STRANGER).code == "AccessDenied"
