"""Names, paths, tags and documents that IAM takes, and those that it does not."""

from __future__ import annotations

import pytest

from trug.iam.limits import (
    LONG_NAME,
    check_description,
    check_name,
    check_path,
    check_session,
    check_tags,
    new_id,
    weight,
    with_tags,
)
from trug.iam.refusals import IamCode, IamError


@pytest.mark.parametrize("name", ["a", "Ann+=,.@-_9", "x" * 64])
def test_names(name: str) -> None:
    assert check_name("userName", name) == name


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ä", "a\n", "x" * 65, "a:b", "a*"])
def test_no_names(name: str) -> None:
    with pytest.raises(IamError, match="'userName' failed to satisfy constraint") as refused:
        check_name("userName", name)
    assert refused.value.code is IamCode.ValidationError


def test_groups_and_policies_have_longer_names() -> None:
    assert check_name("groupName", "x" * 128, LONG_NAME)
    with pytest.raises(IamError, match="less than or equal to 128"):
        check_name("groupName", "x" * 129, LONG_NAME)


@pytest.mark.parametrize("path", ["/", "/a/", "/a/b/", "/~!/", "/" + "x" * 510 + "/"])
def test_paths(path: str) -> None:
    assert check_path(path) == path


@pytest.mark.parametrize("path", ["", "a", "/a", "a/", "/ä/", "/a b/", "/a/\n", "/" + "x" * 511 + "/"])
def test_no_paths(path: str) -> None:
    with pytest.raises(IamError, match="'path'"):
        check_path(path)


@pytest.mark.parametrize("seconds", [0, 3599, 43_201, -1])
def test_no_sessions(seconds: int) -> None:
    with pytest.raises(IamError, match="between 3600 and 43200"):
        check_session(seconds)


def test_descriptions() -> None:
    assert check_description("what é is\n") == "what é is\n"
    for wrong in ("x" * 1001, "\0", "漢"):
        with pytest.raises(IamError):
            check_description(wrong)


@pytest.mark.parametrize(
    "tags",
    [
        [("", "x")],
        [("x" * 129, "")],
        [("a", "x" * 257)],
        [("a*", "")],
        [("a", "{}")],
        [("AWS:x", "")],
        [("a", ""), ("A", "")],
    ],
)
def test_no_tags(tags: list[tuple[str, str]]) -> None:
    with pytest.raises(IamError):
        check_tags(tags)


def test_tags() -> None:
    assert check_tags([("Größe", "7 ½")]) == (("Größe", "7 ½"),)
    assert with_tags((("a", "1"), ("b", "2")), (("A", "3"),)) == (("b", "2"), ("A", "3"))
    with pytest.raises(IamError, match="50"):
        with_tags(tuple((f"k{number}", "") for number in range(50)), (("x", ""),))


def test_white_space_weighs_nothing() -> None:
    assert weight('{ "a" :\n\t"b" }') == weight('{"a":"b"}') == 9


def test_ids() -> None:
    assert {len(new_id("AIDA")), len(new_id("AROA"))} == {21}
    assert len(new_id("AKIA")) == 20
    assert new_id("AIDA") != new_id("AIDA")
