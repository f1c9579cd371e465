"""access/patterns.py: what wildcards and variables fit, and how many steps that takes."""

from __future__ import annotations

import sys
from functools import lru_cache
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trug.access import patterns as module
from trug.access.patterns import (
    PatternError,
    Variable,
    Wildcard,
    arn_matcher,
    constant,
    literal,
    matcher,
    patterns,
    pieces_of,
    resolved,
    variables_of,
)

MANY, ONE = Wildcard.MANY, Wildcard.ONE


def fits(pattern: str, text: str) -> bool:
    known = constant(pieces_of(pattern, has_variables=False))
    assert known is not None
    return matcher(known)(text)


@pytest.mark.parametrize(
    ("pattern", "text", "is_fit"),
    [
        ("", "", True),
        ("", "a", False),
        ("a", "", False),
        ("abc", "abc", True),
        ("abc", "ABC", False),
        ("*", "", True),
        ("*", "a/b:c\n", True),
        ("**", "", True),
        ("?", "", False),
        ("?", "\n", True),
        ("?", "ab", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a*", "a", True),
        ("a*", "ba", False),
        ("*a", "ba", True),
        ("*a", "ab", False),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("a*b*a", "aba", True),
        ("a*b*a", "aa", False),
        ("ab*ab", "ab", False),
        ("ab*ab", "abab", True),
        ("*b*b*", "b", False),
        ("*b*b*", "bb", True),
        ("a*?c", "ac", False),
        ("a*?c", "abc", True),
        ("a?*c", "abbc", True),
        ("*?", "", False),
        ("?*?", "a", False),
        ("?*?", "ab", True),
        ("*.jpg", "x.jpg.jpg", True),
        ("a[b]*", "a[b]c", True),
        ("a[b]*", "abc", False),
        (".", "x", False),
        ("s3:Get?bject*", "s3:GetObjectAcl", True),
        ("${*}", "${xyz}", True),
        ("arn:aws:s3:::b/*/z", "arn:aws:s3:::b/x/y/z", True),
    ],
)
def test_wildcards(pattern: str, text: str, is_fit: bool) -> None:
    assert fits(pattern, text) is is_fit


def naive(pattern: str, text: str) -> bool:
    @lru_cache(None)
    def at(i: int, j: int) -> bool:
        if i == len(pattern):
            return j == len(text)
        if pattern[i] == "*":
            return at(i + 1, j) or (j < len(text) and at(i, j + 1))
        return j < len(text) and pattern[i] in ("?", text[j]) and at(i + 1, j + 1)

    return at(0, 0)


@given(st.text("ab*?/", max_size=12), st.text("ab/", max_size=12))
@settings(max_examples=200, deadline=None)
def test_the_matcher_is_the_naive_one(pattern: str, text: str) -> None:
    assert fits(pattern, text) is naive(pattern, text)
    known = patterns([pieces_of(pattern, has_variables=False)])
    assert known.match(text, no_values) is naive(pattern, text)


PATHOLOGICAL = [
    ("a*" * 50 + "b", "a" * 1024),
    ("a**" * 50, "a" * 1023 + "b"),
    ("*a?" * 300 + "x", "ab" * 512),
    ("*" * 5000 + "x", "y" * 1024),
    ("?" * 1024 + "*?" * 500, "z" * 1024),
    ("*?a" * 400 + "b", "a" * 1024),
]


def no_values(_: str) -> None:
    return None


@pytest.mark.parametrize(("pattern", "text"), PATHOLOGICAL)
def test_no_pattern_takes_more_steps_than_it_has_segments(pattern: str, text: str) -> None:
    known = constant(pieces_of(pattern, has_variables=False))
    assert known is not None
    fit = matcher(known)
    assert fit(text) is False or pattern.startswith("a**")
    steps = lines_run(lambda: fit(text))
    assert steps <= 10 * (pattern.count("*") + 2)


def lines_run(work: Any) -> int:
    """How many lines of access/patterns.py are run."""
    lines = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal lines
        if frame.f_code.co_filename != module.__file__:
            return None
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return lines


def test_taking_apart_what_begins_many_variables_gives_up_at_the_first() -> None:
    for broken in ("${" * 10_000, "${a" * 7_000, "${a,'" * 5_000, "${a,'" + "''" * 10_000, "${" + " " * 20_000):
        with pytest.raises(PatternError):
            pieces_of(broken, has_variables=True)


# --- variables ------------------------------------------------------------------------------------------------------

KNOWN = {"aws:username": ("al*ce",), "s3:prefix": ("",), "aws:tagkeys": ("a", "b")}


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("plain", ("plain",)),
        ("", ()),
        ("a*b?c", ("a", MANY, "b", ONE, "c")),
        ("a**b", ("a", MANY, "b")),
        ("${aws:UserName}", (Variable("aws:username"),)),
        ("x/${ aws:username }/y", ("x/", Variable("aws:username"), "/y")),
        ("${aws:PrincipalTag/team, 'all'}", (Variable("aws:principaltag/team", "all"),)),
        ("${k:a,'it''s'}", (Variable("k:a", "it's"),)),
        ("${k:a, ''}", (Variable("k:a", ""),)),
        ("${*}${?}${$}", ("*?$",)),
        ("a${*}*", ("a*", MANY)),
        ("$", ("$",)),
        ("$x{y}", ("$x{y}",)),
    ],
)
def test_pieces(text: str, pieces: tuple[object, ...]) -> None:
    assert pieces_of(text, has_variables=True) == pieces


@pytest.mark.parametrize("text", ["${", "a${b", "${}", "${ }", "${a,b}", "${a, 'b}", "${a,'b'c}", "${${a}}"])
def test_what_is_no_variable(text: str) -> None:
    with pytest.raises(PatternError):
        pieces_of(text, has_variables=True)


def test_the_older_language_has_no_variables() -> None:
    assert pieces_of("${aws:username}", has_variables=False) == ("${aws:username}",)
    assert pieces_of("${*}", has_variables=False) == ("${", MANY, "}")


@pytest.mark.parametrize(
    ("template", "text", "is_fit"),
    [
        ("b/${aws:username}/*", "b/al*ce/x", True),
        ("b/${aws:username}/*", "b/alice/x", False),
        ("b/${aws:username}", "b/al*ce/x", False),
        ("b/${s3:prefix}", "b/", True),
        ("b/${aws:missing}", "b/", False),
        ("b/${aws:missing}*", "b/x", False),
        ("b/${aws:missing, 'all'}/*", "b/all/x", True),
        ("b/${aws:tagkeys}", "b/a", False),
        ("b/${aws:tagkeys, 'none'}", "b/none", True),
        ("c/${aws:username}", "b/al*ce", False),
        ("${aws:username}?", "al*cex", True),
    ],
)
def test_variables_in_resources(template: str, text: str, is_fit: bool) -> None:
    known = patterns([pieces_of(template, has_variables=True)])
    assert known.match(text, KNOWN.get) is is_fit


def test_a_value_is_put_in_once() -> None:
    values = {"a:b": ("${c:d}",), "c:d": ("x",)}
    assert resolved(pieces_of("${a:b}", has_variables=True), values.get) == ("${c:d}",)


def test_variables_are_named() -> None:
    assert variables_of(pieces_of("${a:B}/${c:d,'x'}/*", has_variables=True)) == {"a:b", "c:d"}
    assert literal(("a", MANY, ONE)) == "a*?"


def test_patterns_are_any_of_their_kinds() -> None:
    known = patterns(pieces_of(text, has_variables=True) for text in ("exact", "pre*", "s?ffi*x", "${aws:username}"))
    assert known.texts == {"exact"} and known.prefixes == ("pre",) and len(known.others) == len(known.templates) == 1
    for text in ("exact", "pre", "prefix", "suffix", "al*ce"):
        assert known.match(text, KNOWN.get)
    for text in ("exactly", "pr", "suffi", "alice"):
        assert not known.match(text, KNOWN.get)


# --- ARNs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "arn", "is_fit"),
    [
        ("arn:aws:iam::1:user/a", "arn:aws:iam::1:user/a", True),
        ("arn:aws:iam::1:user/*", "arn:aws:iam::1:user/a/b:c", True),
        ("arn:aws:iam::*:user/a", "arn:aws:iam::1:user/a", True),
        ("arn:aws:iam::*", "arn:aws:iam::1:user/a", False),
        ("arn:*:user/a", "arn:aws:iam::1:user/a", False),
        ("arn:aws:*:*:1:user/a", "arn:aws:iam::1:user/a", True),
        ("arn:aws:i?m::1:user/?", "arn:aws:iam::1:user/a", True),
        ("*", "arn:aws:iam::1:user/a", True),
        ("*", "somebody", False),
        ("arn:aws:sns:us-east-1:1:a:b", "arn:aws:sns:us-east-1:1:a:b", True),
        ("arn:aws:s3:::b", "arn:aws:s3", False),
    ],
)
def test_arns_fit_part_by_part(pattern: str, arn: str, is_fit: bool) -> None:
    known = constant(pieces_of(pattern, has_variables=False))
    assert known is not None
    assert arn_matcher(known)(arn) is is_fit
