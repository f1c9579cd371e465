"""Reading the parameters of query requests."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trug.iam.api.parameters import Kind, Parameters, read_parameters
from trug.iam.api.refusals import QueryCode, QueryError

WORD = Kind(1, 4, re.compile("[a-z]+"))


def code(form: str) -> QueryCode:
    with pytest.raises(QueryError) as refused:
        read_parameters(form)
    return refused.value.code


def test_text() -> None:
    found = read_parameters("a=b+c&d=%C3%9C%2B&&e&f=", "g=1")
    assert [found.text(name) for name in "adefg"] == ["b c", "Ü+", "", "", "1"]
    assert found.find("x") is None
    assert found.text("x", default="y") == "y"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "Value '' at 'word' failed to satisfy constraint: Member must have length greater than or equal to 1"),
        (
            "abcde",
            "Value 'abcde' at 'word' failed to satisfy constraint: Member must have length less than or equal to 4",
        ),
        (
            "A",
            "Value 'A' at 'word' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+",
        ),
        (None, "Value 'null' at 'word' failed to satisfy constraint: Member must not be null"),
    ],
)
def test_kinds(value: str | None, message: str) -> None:
    found = Parameters({} if value is None else {"Word": value})
    with pytest.raises(QueryError) as refused:
        found.text("Word", WORD)
    assert refused.value.code is QueryCode.ValidationError
    assert refused.value.message == f"1 validation error detected: {message}"


def test_long_values_are_not_repeated() -> None:
    with pytest.raises(QueryError) as refused:
        Parameters({"Word": "x" * 100_000}).text("Word", WORD)
    assert len(refused.value.message) < 500


def test_numbers_and_truths() -> None:
    found = Parameters({"n": "12", "t": "true", "f": "False"})
    assert found.integer("n", 1, 12, 5) == 12
    assert found.integer("x", 1, 12, 5) == 5
    assert (found.truth("t"), found.truth("f"), found.truth("x"), found.truth("x", default=True)) == (
        True,
        False,
        False,
        True,
    )


@pytest.mark.parametrize("value", ["", "13", "0", "-1", "1.0", "１２", "9" * 30, "1e1", " 1"])
def test_what_is_no_number(value: str) -> None:
    with pytest.raises(QueryError) as refused:
        Parameters({"n": value}).find_integer("n", 1, 12)
    assert refused.value.code is QueryCode.ValidationError


def test_lists_and_structures() -> None:
    form = {"L.member.2": "b", "L.member.10": "c", "L.member.1": "a", "F.1": "x", "E": ""}
    form |= {"S.member.1.Key": "k", "S.member.1.Value": "v", "S.member.2.Key": "l", "S.member.2.In.member.1": "deep"}
    found = read_parameters(urlencode(form))
    assert found.texts("L") == ["a", "b", "c"]
    assert found.texts("F") == ["x"]
    assert found.texts("E") == found.texts("absent") == []
    one, two = found.structures("S")
    assert (one.text("Key"), one.text("Value"), two.find("Value")) == ("k", "v", None)
    assert two.texts("In") == ["deep"]
    with pytest.raises(QueryError, match=r"at 's\.member\.2\.Value'"):
        two.text("Value")


@pytest.mark.parametrize(
    "form",
    [
        "a=1&a=2",
        "a=%",
        "a=%zz",
        "a=%ff",
        "a=%C0%80",
        "a=%ED%A0%80",
        "a=%00",
        "%1b=1",
        "a=%EF%BF%BE",
        "\xff=1",
        "&" * 20_000,
    ],
)
def test_malformed(form: str) -> None:
    assert code(form) is QueryCode.InvalidQueryParameter


@pytest.mark.parametrize(
    "form",
    [
        "L.member.0=a",
        "L.member.01=a",
        "L.member.x=a",
        "L.member.=a",
        "L.=a",
        "L.member.1=a&L.1=b",
        "L=a&L.member.1=a",
        "L=a",
        "L=&L.member.1=a",
        "L.member.1.Key=a",
        "L.member.1=a&L.member.1.Key=b",
        "L.member.9999999=a",
    ],
)
def test_malformed_lists(form: str) -> None:
    with pytest.raises(QueryError) as refused:
        read_parameters(form).texts("L")
    assert refused.value.code is QueryCode.InvalidQueryParameter


def test_text_is_no_structure() -> None:
    with pytest.raises(QueryError, match=r"S\.member\.1 is a structure"):
        read_parameters("S.member.1=a").structures("S")


def test_bounds_of_lists() -> None:
    found = read_parameters(urlencode({f"L.member.{number}": "x" for number in range(1, 10_001)}))
    with pytest.raises(QueryError) as refused:
        found.texts("L", most=50)
    assert refused.value.code is QueryCode.ValidationError
    with pytest.raises(QueryError):
        found.texts("M", least=1)


def test_signatures_are_no_parameters() -> None:
    assert read_parameters("X-Amz-Signature=a&X-Amz-Signature=b&a=1").text("a") == "1"


@given(st.text(alphabet=st.characters(max_codepoint=255)), st.sampled_from(["L", "a", ""]))
def test_anything(form: str, name: str) -> None:
    """Whatever comes is read, or refused."""
    try:
        found = read_parameters(form)
        found.find(name)
        found.texts(name)
        for one in found.structures(name):
            one.texts(name)
    except QueryError as error:
        assert error.code.status == 400
