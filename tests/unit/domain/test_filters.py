"""The language of filters: what reads as what, and where it says that something is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trug.domain.filters import (
    DEEPEST,
    LONGEST,
    MOST_CONDITIONS,
    MOST_VALUES,
    Among,
    Begins,
    Compared,
    Condition,
    Every,
    FilterError,
    Has,
    Like,
    Matches,
    Named,
    Not,
    Some,
    Variable,
    bound,
    fields_in,
    holds,
    is_filter_name,
    is_like,
    names_in,
    parse_filter,
    pieces_of,
    replaced,
    words_of,
    written,
)
from trug.domain.item_fields import OF_ITEMS
from trug.domain.object_fields import OF_OBJECTS
from trug.domain.rules import OF_RULES, RULES

READ: list[tuple[str, Condition]] = [
    ("key = 'a'", Compared("key", "=", "a")),
    ("key='it''s'", Compared("key", "=", "it's")),
    ("key <> 'a'", Compared("key", "!=", "a")),
    ("size > 10 MB", Compared("size", ">", 10 << 20)),
    ("size>=1.5KB", Compared("size", ">=", 1536)),
    ("size < 10", Compared("size", "<", 10)),
    ("age < 7d", Compared("modified", ">", Variable("now", 7 * 86_400_000_000))),
    ("age >= 90 s", Compared("modified", "<=", Variable("now", 90_000_000))),
    ("modified > '1970-01-02'", Compared("modified", ">", 86_400_000_000)),
    ("modified = '1970-01-01T01:00:00+01:00'", Compared("modified", "=", 0)),
    ("prefix = 'a/'", Begins("key", "a/")),
    ("prefix != 'a/'", Not(Begins("key", "a/"))),
    ("extension in ('JPG', '.png')", Among("extension", (".jpg", ".png"))),
    ("key not in ('a')", Not(Among("key", ("a",)))),
    ("key like '%.tmp'", Like("key", "%.tmp")),
    ("key NOT LIKE 'a_'", Not(Like("key", "a_"))),
    ("matches 'Straße, ÉTÉ 7'", Matches(("strasse", "ete", "7"))),
    ("tag.album = 'x'", Compared("tag.album", "=", "x")),
    ("tag.\"my album\" = 'x'", Compared("tag.my album", "=", "x")),
    ("has metadata.camera", Has("metadata.camera")),
    ("recent-images", Named("recent-images", 1)),
    ("a and not b", Every((Named("a", 1), Not(Named("b", 11))))),
    ("a or b and c", Some((Named("a", 1), Every((Named("b", 6), Named("c", 12)))))),
    ("(a or b) and c", Every((Some((Named("a", 2), Named("b", 7))), Named("c", 14)))),
    ("size > 1 and size < 2", Every((Compared("size", ">", 1), Compared("size", "<", 2)))),
]


@pytest.mark.parametrize(("text", "condition"), READ)
def test_what_reads_as_what(text: str, condition: Condition) -> None:
    assert parse_filter(text, OF_OBJECTS) == condition


@pytest.mark.parametrize("condition", [condition for _, condition in READ if "now" not in repr(condition)])
def test_what_is_written_reads_as_the_same(condition: Condition) -> None:
    assert written(parse_filter(written(condition), OF_OBJECTS)) == written(condition)


WRONG = [
    ("", 1, "expected a condition, found the end"),
    ("key", 1, None),
    ("key = ", 7, "expected text in quotes, found the end"),
    ("key = 1", 7, "expected text in quotes, found '1'"),
    ("key = 'a", 7, "a text does not end"),
    ("key == 'a'", 6, None),
    ("size = 'a'", 8, "expected a size, found ''a''"),
    ("size = 1 parsec", 10, None),
    ("size = 1 px", 8, "there is no unit px"),
    ("size = 1e300", 8, "the number is too large"),
    ("size like 'a'", 6, None),
    ("age < 7", 7, "expected a duration as 36h or 7d, found '7'"),
    ("age < 1e300 d", 7, "the duration is too long"),
    ("modified > 'soon'", 12, "a time is written as '2026-11-21' or '2026-11-21T10:00:00Z'"),
    ("colour = 'red'", 1, "there is no field colour"),
    ("tag. = 'red'", 4, None),
    ("(key = 'a'", 11, "expected ')', found the end"),
    ("key = 'a')", 10, "expected 'and', 'or' or the end, found ')'"),
    ("key in ()", 9, None),
    ("key in ('a' 'b')", 13, "expected ',', found ''b''"),
    ("key = $caller", 7, "expected text in quotes, found '$caller'"),
    ("matches '--'", 9, "there is no word to look for"),
    ("matches x", 9, "expected a text in quotes, found 'x'"),
    ("prefix < 'a'", 8, None),
    ("and", 1, "expected a condition, found 'and'"),
    ("key = 'a\0'", 7, "a text has no NUL and is UTF-8"),
    ("key = '\ud800'", 7, "a text has no NUL and is UTF-8"),
    ("key = 'a' -- comment", 11, None),
    ("key = 'a'; drop table items", 10, None),
    ("not " * (DEEPEST + 1) + "a", None, f"a filter goes at most {DEEPEST} deep"),
    ("(" * (DEEPEST + 2), None, f"a filter goes at most {DEEPEST} deep"),
    (" or ".join("a" * (MOST_CONDITIONS + 1)), None, f"a filter has at most {MOST_CONDITIONS} conditions"),
    ("key in (" + "'a'," * MOST_VALUES + "'a')", None, f"a list has at most {MOST_VALUES} values"),
    ("key like '" + "%a" * 9 + "'", 10, "a pattern has at most 8 of %"),
    ("a" * (LONGEST + 1), LONGEST + 1, f"a filter has at most {LONGEST} characters"),
]


@pytest.mark.parametrize(("text", "position", "told"), WRONG)
def test_an_error_names_the_position(text: str, position: int | None, told: str | None) -> None:
    if text == "key":
        assert parse_filter(text, OF_OBJECTS) == Named("key", 1)
        return
    with pytest.raises(FilterError) as caught:
        parse_filter(text, OF_OBJECTS)
    assert position is None or caught.value.position == position
    assert told is None or caught.value.text == told


@given(st.text(alphabet="()'$,.=<>!% \"\\_-09.azkeynotinandor\0\ud800é", max_size=60))
def test_any_text_reads_or_is_refused(text: str) -> None:
    try:
        parse_filter(text, OF_OBJECTS)
    except FilterError as error:
        assert 1 <= error.position <= len(text) + 1


@pytest.mark.parametrize(
    ("text", "pattern", "wanted"),
    [
        ("abc", "abc", True),
        ("abc", "ABC", False),
        ("abc", "a%", True),
        ("abc", "%c", True),
        ("abc", "a_c", True),
        ("abc", "a_", False),
        ("", "%", True),
        ("", "_", False),
        ("a%c", "a\\%c", True),
        ("abc", "a\\%c", False),
        ("aab", "%ab", True),
        ("abab", "a%b", True),
        ("mississippi", "%iss%pi", True),
        ("mississippi", "%iss%iss%iss%", False),
    ],
)
def test_patterns(text: str, pattern: str, wanted: bool) -> None:
    assert is_like(text, pattern) is wanted


def test_words() -> None:
    assert list(words_of("Großes Bild_1: l'été")) == ["grosses", "bild", "1", "l", "ete"]


MARKS = "\u0300\u0316"
"""Above and below: in the wrong order, when a text has many of both."""


def test_marks_cost_no_more_than_other_characters() -> None:
    many = 1 << 15  # to bring them in order by exchanging neighbours takes half a minute
    assert list(words_of(f"e{MARKS[0] * many}{MARKS[1] * many}t\u0344\u00e9 \u1e69x")) == ["ete", "sx"]


@pytest.mark.parametrize("middle", ["a" * (1 << 16), "_" * 64])
def test_patterns_of_long_texts(middle: str) -> None:
    text = "a" * (1 << 17)
    assert is_like(text, f"a%{middle}%a")
    assert not is_like(text, f"%{middle}b")
    assert not is_like(text, f"%{middle}%b%")


@given(text=st.text("ab\n.%_", max_size=8), pattern=st.text("ab%_\\.\n", max_size=7))
def test_patterns_fit_as_they_are_read(text: str, pattern: str) -> None:
    assert is_like(text, pattern) is fits(text, tuple(pieces_of(pattern)))


def fits(text: str, pieces: tuple[str | None, ...]) -> bool:
    """By trying everything."""
    if not pieces:
        return not text
    first, rest = pieces[0], pieces[1:]
    if first is None:
        return any(fits(text[place:], rest) for place in range(len(text) + 1))
    return bool(text) and first in ("", text[0]) and fits(text[1:], rest)


def test_what_is_absent_fits_nothing_but_not() -> None:
    def check(text: str) -> bool:
        return holds(parse_filter(text, OF_ITEMS), lambda _: None, frozenset)

    for text in ("attributes.a = 1", "attributes.a != 1", "attributes.a in (1)", "attributes.a like '%'"):
        assert not check(text)
        assert check(f"not {text}")


def test_names_are_replaced() -> None:
    condition = parse_filter("a and not (b or a)", OF_ITEMS)
    assert [named.name for named in names_in(condition)] == ["a", "b", "a"]
    known = {"a": parse_filter("type = 'x'", OF_ITEMS), "b": parse_filter("has attributes.b", OF_ITEMS)}
    assert written(replaced(condition, known)) == "type = 'x' and not (has attributes.b or type = 'x')"
    with pytest.raises(FilterError):
        replaced(condition, {})


def test_variables_are_bound() -> None:
    assert bound(parse_filter("age < 1s", OF_OBJECTS), {"now": 5_000_000}) == Compared("modified", ">", 4_000_000)


def test_fields_asked_for() -> None:
    condition = parse_filter("key = 'a' and (has tag.x or not size > 1) and matches 'x'", OF_OBJECTS)
    assert fields_in(condition) == {"key", "tag.x", "size", "matches"}


@pytest.mark.parametrize(
    ("name", "wanted"), [("a-b_1", True), ("and", False), ("1a", False), ("", False), ("a" * 65, False)]
)
def test_names_of_filters(name: str, wanted: bool) -> None:
    assert is_filter_name(name) is wanted


@pytest.mark.parametrize("name", RULES)
def test_every_rule_reads(name: str) -> None:
    assert is_filter_name(name)
    assert parse_filter(RULES[name].filter, OF_RULES, with_variables=True)
