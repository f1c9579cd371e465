"""The parameters of a query request, read strictly: text, numbers, truths, lists and structures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TypeVar

from trug.domain.frozen import frozen
from trug.domain.percent import decode_percent
from trug.iam.api.refusals import QueryCode, QueryError, invalid, malformed_query

MOST_PAIRS = 20_000
INDEX = re.compile(r"[1-9][0-9]{0,5}\Z")
INTEGER = re.compile(r"-?[0-9]{1,10}\Z")
TRUTHS = {"true": True, "false": False}
MEMBER = "member."
SIGNING = "X-Amz-"
"""How the names begin that sign a presigned request; they are nobody's parameters."""

T = TypeVar("T")


@frozen
class Kind:
    """What the text of a parameter may be; lengths are in characters."""

    low: int
    high: int
    pattern: re.Pattern[str] | None = None

    def check(self, name: str, value: str) -> str:
        """The value. ValidationError, in AWS's words, when it is none of this kind."""
        if len(value) < self.low:
            raise invalid(name, value, f"have length greater than or equal to {self.low}")
        if len(value) > self.high:
            raise invalid(name, value, f"have length less than or equal to {self.high}")
        if self.pattern is not None and not self.pattern.fullmatch(value):
            raise invalid(name, value, f"satisfy regular expression pattern: {self.pattern.pattern}")
        return value


ANY = Kind(0, 131_072)
XML_SAFE = re.compile("[^\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]*")


class Parameters:
    """Decoded names and values, each name once; ``place`` is where they stand in a larger request.

    Every reader raises ValidationError for what is missing that must be there, and for what is not of the kind that is
    asked for.
    """

    def __init__(self, values: Mapping[str, str], place: str = "") -> None:
        self._values = values
        self._place = place

    def find(self, name: str, kind: Kind = ANY) -> str | None:
        """The text of a parameter; None where there is none."""
        value = self._values.get(name)
        return None if value is None else kind.check(self._place + name, value)

    def text(self, name: str, kind: Kind = ANY, default: str | None = None) -> str:
        """As ``find``, of a parameter that has a ``default`` or must be there."""
        value = self.find(name, kind)
        if value is None:
            value = default
        if value is None:
            raise invalid(self._place + name, None, "not be null")
        return value

    def find_integer(self, name: str, low: int, high: int) -> int | None:
        """A number from ``low`` to ``high``, both inclusive; None where there is none."""
        value = self._values.get(name)
        if value is None:
            return None
        place = self._place + name
        if not INTEGER.match(value):
            raise QueryError(QueryCode.ValidationError, f"'{value[:64]}' at '{place}' is not an integer.")
        if int(value) < low:
            raise invalid(place, value, f"have value greater than or equal to {low}")
        if int(value) > high:
            raise invalid(place, value, f"have value less than or equal to {high}")
        return int(value)

    def integer(self, name: str, low: int, high: int, default: int) -> int:
        found = self.find_integer(name, low, high)
        return default if found is None else found

    def truth(self, name: str, *, default: bool = False) -> bool:
        """``true`` or ``false``."""
        value = self._values.get(name)
        if value is None:
            return default
        if value.lower() not in TRUTHS:
            raise QueryError(QueryCode.ValidationError, f"'{value[:64]}' at '{self._place + name}' is not a boolean.")
        return TRUTHS[value.lower()]

    def choice(self, name: str, choices: Iterable[str]) -> str | None:
        """One of the choices; None where there is none."""
        value = self._values.get(name)
        known = tuple(choices)
        if value is not None and value not in known:
            raise invalid(self._place + name, value, f"satisfy enum value set: [{', '.join(known)}]")
        return value

    def texts(self, name: str, kind: Kind = ANY, *, most: int = 1000, least: int = 0) -> list[str]:
        """A list: ``Name.member.1=…``, or flattened ``Name.1=…``, in the order of the numbers, gaps or not."""
        members = self._members(name, most, least)
        for place, values in members.items():
            if set(values) != {""}:
                raise malformed_query(f"{place} is text.")
        return [kind.check(place, values[""]) for place, values in members.items()]

    def structures(self, name: str, *, most: int = 1000, least: int = 0) -> list[Parameters]:
        """A list of structures: ``Tags.member.1.Key=…``."""
        members = self._members(name, most, least)
        for place, values in members.items():
            if "" in values:
                raise malformed_query(f"{place} is a structure.")
        return [Parameters(values, f"{place}.") for place, values in members.items()]

    def has_list(self, name: str) -> bool:
        """Whether a list is there, be it empty."""
        return name in self._values or name in self._lists

    def _members(self, name: str, most: int, least: int) -> dict[str, dict[str, str]]:
        """The values of each member of a list by what follows its number, the members by their full name."""
        lone = self._values.get(name)
        found = self._lists.get(name, {})
        if lone or (lone is not None and found):
            raise malformed_query(f"{self._place + name} is a list.")
        shown = f"[{len(found)} members]"
        if len(found) > most:
            raise invalid(self._place + name, shown, f"have length less than or equal to {most}")
        if len(found) < least:
            raise invalid(self._place + name, shown, f"have length greater than or equal to {least}")
        return {f"{self._place}{name}.member.{number}": found[number] for number in sorted(found)}

    @cached_property
    def _lists(self) -> dict[str, dict[int, dict[str, str]]]:
        """Members of all lists by name and number."""
        lists: dict[str, dict[int, dict[str, str]]] = {}
        for name, value in self._values.items():
            list_name, dot, rest = name.partition(".")
            if not dot:
                continue
            number, _, inside = rest.removeprefix(MEMBER).partition(".")
            if not INDEX.match(number):
                raise malformed_query(f"{name[:128]} is no member of a list: members are numbered from 1.")
            values = lists.setdefault(list_name, {}).setdefault(int(number), {})
            if inside in values:
                raise malformed_query(f"{name[:128]} is there twice.")
            values[inside] = value
        return lists


def read_parameters(*forms: str) -> Parameters:
    """The parameters of query and body, both ``application/x-www-form-urlencoded``, each byte one character.

    InvalidQueryParameter for broken escapes, bytes that are not UTF-8, characters that no XML can answer with, a name
    that comes twice and more than 20,000 names.
    """
    values: dict[str, str] = {}
    for form in forms:
        if form.count("&") >= MOST_PAIRS:
            raise malformed_query(f"A request has {MOST_PAIRS} parameters at most.")
        for pair in form.split("&"):
            if not pair:
                continue
            raw_name, _, raw_value = pair.partition("=")
            name = _decoded(raw_name)
            if name.startswith(SIGNING):
                continue
            if name in values:
                raise malformed_query(f"The parameter {name[:128]} is there twice.")
            values[name] = _decoded(raw_value)
    return Parameters(values)


def _decoded(raw: str) -> str:
    try:
        text = decode_percent(raw.replace("+", " "))
    except ValueError:
        raise malformed_query("Names and values are UTF-8, percent-encoded.") from None
    if not XML_SAFE.fullmatch(text):
        raise malformed_query("Names and values hold no control characters.")
    return text
