"""Tags of objects and buckets."""

from __future__ import annotations

import pytest

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.tags import BUCKET_TAGS, OBJECT_TAGS, check_tags, parse_tagging_header

GOOD_HEADERS: dict[str, tuple[str, dict[str, str]]] = {
    "nothing": ("", {}),
    "one": ("a=1", {"a": "1"}),
    "two": ("a=1&b=2", {"a": "1", "b": "2"}),
    "no-value": ("a", {"a": ""}),
    "empty-value": ("a=", {"a": ""}),
    "plus-is-space": ("a=two+words", {"a": "two words"}),
    "escaped": ("a%2Fb=c%3Dd%20e", {"a/b": "c=d e"}),
    "equals-in-value": ("a=b=c", {"a": "b=c"}),
    "utf-8": ("%C3%A9=%E4%B8%AD", {"é": "中"}),
    "raw-utf-8": ("\xc3\xa9=1", {"é": "1"}),
    "trailing-ampersand": ("a=1&", {"a": "1"}),
}
BAD_HEADERS = {
    "no-key": ("=1", ErrorCode.InvalidArgument),
    "twice": ("a=1&a=2", ErrorCode.InvalidArgument),
    "twice-when-decoded": ("a=1&%61=2", ErrorCode.InvalidArgument),
    "broken-escape": ("a=%zz", ErrorCode.InvalidArgument),
    "no-utf-8": ("a=%ff", ErrorCode.InvalidArgument),
    "raw-latin-1": ("\xe9=1", ErrorCode.InvalidArgument),
    "eleven": ("&".join(f"k{i}=v" for i in range(11)), ErrorCode.BadRequest),
    "E22-line-break": ("a=%0D%0Ab", ErrorCode.InvalidTag),
    "system": ("aws%3Aa=1", ErrorCode.InvalidTag),
}
INVALID = {
    "empty-key": ("", "v", "TagKey you"),
    "long-key": ("k" * 129, "v", "TagKey you"),
    "long-value": ("k", "v" * 257, "TagValue you"),
    "key-character": ("a;b", "v", "TagKey you"),
    "value-character": ("a", "v!", "TagValue you"),
    "markup": ("<a>", "v", "TagKey you"),
    "line-break": ("a\nb", "v", "TagKey you"),
    "trailing-line-break": ("a\n", "v", "TagKey you"),
    "nul": ("a", "\0", "TagValue you"),
    "emoji": ("a", "😀", "TagValue you"),
    "counted-as-utf-16": ("\U00020000" * 65, "v", "TagKey you"),
    "system": ("aws:a", "v", "System tags"),
    "system-in-capitals": ("AWS:a", "v", "System tags"),
}
VALID = {
    "longest": ("k" * 128, "v" * 256),
    "punctuation": ("a+-=._:/@", "+ - = . _ : / @"),
    "any-letters": ("ключ 键", "قيمة ٣"),
    "longest-of-others": ("é" * 128, "é" * 256),
    "almost-system": ("awsome", "aws:"),
}


@pytest.mark.parametrize(("header", "tags"), GOOD_HEADERS.values(), ids=GOOD_HEADERS)
def test_a_tagging_header(header: str, tags: dict[str, str]) -> None:
    assert parse_tagging_header(header) == tags


@pytest.mark.parametrize(("header", "code"), BAD_HEADERS.values(), ids=BAD_HEADERS)
def test_a_tagging_header_that_s3_refuses(header: str, code: ErrorCode) -> None:
    with pytest.raises(S3Error) as refused:
        parse_tagging_header(header)
    assert refused.value.code is code


@pytest.mark.parametrize(("key", "value", "message"), INVALID.values(), ids=INVALID)
def test_a_tag_that_s3_refuses(key: str, value: str, message: str) -> None:
    with pytest.raises(S3Error, match=message) as refused:
        check_tags([(key, value)], limit=OBJECT_TAGS)
    assert refused.value.code is ErrorCode.InvalidTag
    assert refused.value.fields["TagKey"] == key


@pytest.mark.parametrize(("key", "value"), VALID.values(), ids=VALID)
def test_a_tag_that_s3_takes(key: str, value: str) -> None:
    assert check_tags([(key, value)], limit=OBJECT_TAGS) == {key: value}


def test_tags_keep_their_order() -> None:
    assert list(check_tags([("b", "1"), ("a", "2")], limit=OBJECT_TAGS)) == ["b", "a"]


def test_a_key_twice() -> None:
    with pytest.raises(S3Error, match="multiple Tags with the same key") as refused:
        check_tags([("a", "1"), ("a", "1")], limit=OBJECT_TAGS)
    assert refused.value.code is ErrorCode.InvalidTag


@pytest.mark.parametrize("limit", [OBJECT_TAGS, BUCKET_TAGS], ids=["object", "H13-bucket"])
def test_the_number_of_tags(limit: int) -> None:
    pairs = [(f"k{i}", "v") for i in range(limit + 1)]
    assert len(check_tags(pairs[:limit], limit=limit)) == limit
    with pytest.raises(S3Error, match=str(limit)) as refused:
        check_tags(pairs, limit=limit)
    assert refused.value.code is ErrorCode.BadRequest
