"""The language of filters: what is searched for, as text and as values.

    type = 'photo' and (size > 10 MB or tag.album in ('summer', 'sea')) and not key like '%.tmp'

A filter is read by precedence climbing into conditions, which are values: adapters compile them to queries, and
``holds`` says the same of one thing in memory. What a thing does not have, fits no comparison; ``not`` makes that true.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from trug.domain.frozen import frozen

LONGEST = 4096
DEEPEST = 32
MOST_CONDITIONS = 128
MOST_VALUES = 256
MOST_WILDCARDS = 8
LARGEST_NUMBER = 1 << 53
SECOND = 1_000_000
LONGEST_AGE = 200 * 366 * 86_400

Scalar = str | int | float | bool


class FilterError(ValueError):
    """A filter that cannot be read; ``position`` counts characters from 1."""

    def __init__(self, text: str, position: int) -> None:
        super().__init__(f"{text} (at position {position})")
        self.text = text
        self.position = position


class Kind(Enum):
    """What a field holds, and so what it is compared with."""

    TEXT = "text"
    NUMBER = "a number"
    SIZE = "a size"
    TIME = "a time"
    ANY = "text, a number, true or false"


Fields = Mapping[str, Kind]
"""The fields of what is searched by name; a name that ends with a dot is the beginning of many (``tag.``)."""

# --- conditions -----------------------------------------------------------------------------------------------------


@frozen
class Variable:
    """A value that is not known when a filter is read: ``$caller``, or, with ``ago``, so many µs before now."""

    name: str
    ago: int = 0


Value = Scalar | Variable


@frozen
class Every:
    """All of these hold; of none, always."""

    parts: tuple[Condition, ...]


@frozen
class Some:
    """One of these holds."""

    parts: tuple[Condition, ...]


@frozen
class Not:
    """This does not hold."""

    part: Condition


@frozen
class Compared:
    """The field is there, of the value's type, and ``operator`` (``=``, ``<`` …) is true of it."""

    field: str
    operator: str
    value: Value


@frozen
class Among:
    """The field is one of these."""

    field: str
    values: tuple[Value, ...]


@frozen
class Like:
    """The field's text fits: ``%`` stands for any characters, ``_`` for one, and after a backslash for itself."""

    field: str
    pattern: str


@frozen
class Begins:
    """The field's text begins so."""

    field: str
    text: Value


@frozen
class Matches:
    """All of these words are in the text of the thing."""

    words: tuple[str, ...]


@frozen
class Has:
    """The field is there."""

    field: str


@frozen
class Named:
    """What the filter of this name says; ``position`` is where it is named."""

    name: str
    position: int


Condition = Every | Some | Not | Compared | Among | Like | Begins | Matches | Has | Named

# --- reading --------------------------------------------------------------------------------------------------------

TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^']|'')*')
    | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?)(?:[ ]?(?P<unit>[A-Za-z]{1,3})(?![\w.-]))?
    | (?P<name>\$?[A-Za-z_][\w-]*(?:\.(?:[\w-]+|"[^"\0]*"))*)
    | (?P<sign><=|>=|!=|<>|[=<>(),])
    )""",
    re.VERBOSE | re.ASCII,
)
WORDS = frozenset({"and", "or", "not", "in", "like", "matches", "has", "true", "false"})
COMPARISONS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
SIZES = {"b": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "tb": 1 << 40, "kib": 1 << 10, "mib": 1 << 20} | {
    "gib": 1 << 30,
    "tib": 1 << 40,
}
DURATIONS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
FILTER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}\Z")


class Token(NamedTuple):
    """A piece of a filter: ``kind`` is ``text``, ``number``, ``name``, ``word``, ``sign`` or ``end``."""

    kind: str
    text: str
    unit: str
    position: int


def is_filter_name(name: str) -> bool:
    """Whether filters may be called so."""
    return bool(FILTER_NAME.match(name)) and name.lower() not in WORDS


def parse_filter(text: str, fields: Fields, *, with_variables: bool = False) -> Condition:
    """The condition that a filter says, over these fields; its named filters are ``Named``. FilterError.

    ``$caller`` and the like are only read ``with_variables``: in rules, never in what clients send.
    """
    if len(text) > LONGEST:
        raise FilterError(f"a filter has at most {LONGEST} characters", LONGEST + 1)
    return _Parser(list(_tokens(text)), fields, with_variables=with_variables).whole()


def _tokens(text: str) -> Iterator[Token]:
    place = 0
    while rest := text[place:].lstrip():
        start = len(text) - len(rest)
        found = TOKEN.match(text, start)
        if found is None:
            raise FilterError(_strange(text[start]), start + 1)
        kind = str(next(name for name in ("text", "number", "name", "sign") if found[name] is not None))
        is_word = kind == "name" and found["name"].lower() in WORDS
        spelled = found["name"].lower() if is_word else found[kind]
        unit = found["unit"] or ""
        if unit.lower() in WORDS:
            unit = ""
        yield Token("word" if is_word else kind, spelled, unit, start + 1)
        place = found.end() if unit or not found["unit"] else found.end(kind)
    yield Token("end", "", "", len(text) + 1)


def _strange(character: str) -> str:
    if character == "'":
        return "a text does not end"
    return f"{character!r} stands where nothing can be read"


class _Parser:
    """Precedence climbing: ``or`` below ``and`` below ``not`` below one condition."""

    def __init__(self, tokens: Sequence[Token], fields: Fields, *, with_variables: bool) -> None:
        self._tokens = tokens
        self._place = 0
        self._fields = fields
        self._with_variables = with_variables
        self._count = 0

    def whole(self) -> Condition:
        condition = self._some(0)
        rest = self._next()
        if rest.kind != "end":
            raise _unexpected(rest, "'and', 'or' or the end")
        return condition

    def _some(self, depth: int) -> Condition:
        parts = [self._every(depth)]
        while self._takes("word", "or"):
            parts.append(self._every(depth))
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def _every(self, depth: int) -> Condition:
        parts = [self._one(depth)]
        while self._takes("word", "and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _one(self, depth: int) -> Condition:
        token = self._next()
        if depth > DEEPEST:
            raise FilterError(f"a filter goes at most {DEEPEST} deep", token.position)
        self._count += 1
        if self._count > MOST_CONDITIONS:
            raise FilterError(f"a filter has at most {MOST_CONDITIONS} conditions", token.position)
        match token.kind, token.text:
            case "word", "not":
                return Not(self._one(depth + 1))
            case "sign", "(":
                inner = self._some(depth + 1)
                self._expect("sign", ")")
                return inner
            case "word", "has":
                return Has(self._field(self._next())[0])
            case "word", "matches":
                return self._matches()
            case "name", _:
                return self._on_name(token)
        raise _unexpected(token, "a condition")

    def _on_name(self, token: Token) -> Condition:
        following = self._peek()
        is_compared = following.kind == "sign" and following.text in COMPARISONS
        if not is_compared and not (following.kind == "word" and following.text in ("in", "like", "not")):
            if not is_filter_name(token.text):
                raise _unexpected(following, "a comparison")
            return Named(token.text, token.position)
        field, kind = self._field(token)
        if self._takes("word", "not"):
            return Not(self._operated(field, kind))
        return self._operated(field, kind)

    def _operated(self, field: str, kind: Kind) -> Condition:
        operator = self._next()
        if operator.kind == "sign" and operator.text in COMPARISONS:
            return self._compared(field, kind, COMPARISONS[operator.text], operator)
        if operator.kind == "word" and operator.text == "in":
            return Among(field, tuple(self._list(field, kind)))
        if operator.kind == "word" and operator.text == "like":
            return self._like(field, kind, operator)
        raise _unexpected(operator, "'in' or 'like'")

    def _compared(self, field: str, kind: Kind, operator: str, token: Token) -> Condition:
        if field == AGE:
            return Compared("modified", TURNED.get(operator, operator), Variable("now", self._duration()))
        value = self._value(field, kind)
        if field == PREFIX:
            if operator not in ("=", "!="):
                raise _unexpected(token, "'=' or '!=' behind prefix")
            begins = Begins("key", value)
            return begins if operator == "=" else Not(begins)
        if isinstance(value, bool) and operator not in ("=", "!="):
            raise _unexpected(token, "'=' or '!=' before true and false")
        return Compared(field, operator, value)

    def _like(self, field: str, kind: Kind, operator: Token) -> Condition:
        token = self._next()
        if kind not in (Kind.TEXT, Kind.ANY) or field in (AGE, PREFIX):
            raise _unexpected(operator, f"a comparison, for {field} is no text")
        if token.kind != "text":
            raise _unexpected(token, "a text in quotes")
        pattern = _unquoted(token)
        if sum(piece is ANYTHING for piece in pieces_of(pattern)) > MOST_WILDCARDS:
            raise FilterError(f"a pattern has at most {MOST_WILDCARDS} of %", token.position)
        return Like(field, pattern)

    def _matches(self) -> Condition:
        token = self._next()
        if token.kind != "text":
            raise _unexpected(token, "a text in quotes")
        words = tuple(words_of(_unquoted(token)))
        if not words:
            raise FilterError("there is no word to look for", token.position)
        return Matches(tuple(dict.fromkeys(words)))

    def _list(self, field: str, kind: Kind) -> Iterator[Value]:
        if field in (AGE, PREFIX):
            raise _unexpected(self._peek(), "a comparison")
        self._expect("sign", "(")
        for _ in range(MOST_VALUES):
            yield self._value(field, kind)
            if self._takes("sign", ")"):
                return
            self._expect("sign", ",")
        raise FilterError(f"a list has at most {MOST_VALUES} values", self._peek().position)

    def _field(self, token: Token) -> tuple[str, Kind]:
        if token.kind != "name":
            raise _unexpected(token, "a field")
        kind = self._fields.get(token.text)
        if kind is not None:
            return token.text, kind
        beginning, dot, rest = token.text.partition(".")
        kind = self._fields.get(beginning + dot) if dot else None
        if kind is None:
            raise FilterError(f"there is no field {token.text}", token.position)
        name = rest.replace('"', "") if beginning != "attributes" else rest
        return f"{beginning}.{name}", kind

    def _duration(self) -> int:
        token = self._next()
        if token.kind != "number" or token.unit not in DURATIONS:
            raise _unexpected(token, "a duration as 36h or 7d")
        seconds = float(token.text) * DURATIONS[token.unit]
        if not 0 <= seconds <= LONGEST_AGE:
            raise FilterError("the duration is too long", token.position)
        return round(seconds * SECOND)

    def _value(self, field: str, kind: Kind) -> Value:
        token = self._next()
        if token.kind == "name" and token.text.startswith("$") and self._with_variables:
            return Variable(token.text[1:])
        if token.kind == "word" and token.text in ("true", "false") and kind is Kind.ANY:
            return token.text == "true"
        if token.kind == "number" and kind in (Kind.NUMBER, Kind.SIZE, Kind.ANY):
            return _number(token, kind)
        if token.kind == "text" and kind in (Kind.TEXT, Kind.ANY):
            text = _unquoted(token)
            return spelled_extension(text) if field == EXTENSION else text
        if token.kind == "text" and kind is Kind.TIME:
            return _time(token)
        raise _unexpected(token, f"{kind.value}{' in quotes' if kind in (Kind.TEXT, Kind.TIME) else ''}")

    def _peek(self) -> Token:
        return self._tokens[self._place]

    def _next(self) -> Token:
        token = self._tokens[self._place]
        self._place = min(self._place + 1, len(self._tokens) - 1)
        return token

    def _takes(self, kind: str, text: str) -> bool:
        if self._peek()[:2] != (kind, text):
            return False
        self._next()
        return True

    def _expect(self, kind: str, text: str) -> None:
        token = self._next()
        if token[:2] != (kind, text):
            raise _unexpected(token, f"'{text}'")


AGE, PREFIX, EXTENSION = "age", "prefix", "extension"


def _unexpected(token: Token, wanted: str) -> FilterError:
    found = "the end" if token.kind == "end" else f"'{token.text}'"
    return FilterError(f"expected {wanted}, found {found}", token.position)


def _unquoted(token: Token) -> str:
    text = token.text[1:-1].replace("''", "'")
    if "\0" in text or not _has_utf8(text):
        raise FilterError("a text has no NUL and is UTF-8", token.position)
    return text


def _has_utf8(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _number(token: Token, kind: Kind) -> int | float:
    unit = token.unit.lower()
    if unit and (kind is Kind.NUMBER or unit not in SIZES):
        raise FilterError(f"there is no unit {token.unit}", token.position)
    number = float(token.text) * SIZES.get(unit, 1)
    if not abs(number) <= LARGEST_NUMBER:
        raise FilterError("the number is too large", token.position)
    return int(number) if number.is_integer() else number


def _time(token: Token) -> int:
    try:
        moment = datetime.fromisoformat(_unquoted(token))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return round(moment.astimezone(UTC).timestamp() * SECOND)
    except (ValueError, OverflowError) as error:
        raise FilterError("a time is written as '2026-11-21' or '2026-11-21T10:00:00Z'", token.position) from error


def spelled_extension(text: str) -> str:
    """An extension as it is compared: ``.jpg`` of ``JPG``, ``jpg`` and ``.Jpg``."""
    return f".{text.lower().removeprefix('.')}" if text else ""


# --- named filters, and what is known only when they are used -------------------------------------------------------


def names_in(condition: Condition) -> Iterator[Named]:
    """The named filters in a condition."""
    match condition:
        case Named():
            yield condition
        case Every(parts) | Some(parts):
            for part in parts:
                yield from names_in(part)
        case Not(part):
            yield from names_in(part)


def fields_in(condition: Condition) -> set[str]:
    """The fields that a condition asks for; ``matches`` is one of them where words are looked for."""
    match condition:
        case Every(parts) | Some(parts):
            return {field for part in parts for field in fields_in(part)}
        case Not(part):
            return fields_in(part)
        case Compared() | Among() | Like() | Begins() | Has():
            return {condition.field}
        case Matches():
            return {"matches"}
    return set()


def size_of(condition: Condition) -> int:
    """How many conditions are in it, itself among them; eight values of a list count as one."""
    match condition:
        case Among(_, values):
            return 1 + len(values) // 8
        case Every(parts) | Some(parts):
            return 1 + sum(map(size_of, parts))
        case Not(part):
            return 1 + size_of(part)
    return 1


def depth_of(condition: Condition) -> int:
    """How deep conditions are within each other in it."""
    match condition:
        case Every(parts) | Some(parts):
            return 1 + max(map(depth_of, parts), default=0)
        case Not(part):
            return 1 + depth_of(part)
    return 0


def replaced(condition: Condition, known: Mapping[str, Condition]) -> Condition:
    """With what the named filters say in place of their names. FilterError for one that is not known."""
    match condition:
        case Named(name, position):
            if name not in known:
                raise FilterError(f"there is no filter {name}", position)
            return known[name]
        case Every(parts):
            return Every(tuple(replaced(part, known) for part in parts))
        case Some(parts):
            return Some(tuple(replaced(part, known) for part in parts))
        case Not(part):
            return Not(replaced(part, known))
    return condition


def bound(condition: Condition, variables: Mapping[str, Scalar]) -> Condition:
    """With the values of variables in their place; ``now`` is in µs since 1970. KeyError for one without."""

    def value_of(value: Value) -> Scalar:
        if not isinstance(value, Variable):
            return value
        known = variables[value.name]
        return int(known) - value.ago if value.ago else known

    match condition:
        case Every(parts):
            return Every(tuple(bound(part, variables) for part in parts))
        case Some(parts):
            return Some(tuple(bound(part, variables) for part in parts))
        case Not(part):
            return Not(bound(part, variables))
        case Compared(field, operator, value):
            return Compared(field, operator, value_of(value))
        case Among(field, values):
            return Among(field, tuple(map(value_of, values)))
        case Begins(field, text):
            return Begins(field, value_of(text))
    return condition


# --- words and patterns ---------------------------------------------------------------------------------------------


ASCII_WORD = re.compile("[a-z0-9]+", re.ASCII)
WORD = re.compile(r"[^\W_]+")


def words_of(text: str) -> Iterator[str]:
    """The words of a text as they are looked for: letters and digits alone, without case or marks.

    Marks go before the text is decomposed too: to put a run of them in order takes the square of its length."""
    if text.isascii():
        yield from ASCII_WORD.findall(text.lower())
        return
    yield from WORD.findall(_unmarked(unicodedata.normalize("NFKD", _unmarked(text))).casefold())


def _unmarked(text: str) -> str:
    for mark in filter(unicodedata.combining, set(text)):
        text = text.replace(mark, "")
    return text


ANYTHING = None
ONE = ""


def pieces_of(pattern: str) -> Iterator[str | None]:
    """A pattern by character: ``ANYTHING`` of ``%``, ``ONE`` of ``_``, else the character that is meant."""
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            yield next(characters, "\\")
        else:
            yield {"%": ANYTHING, "_": ONE}.get(character, character)


def is_like(text: str, pattern: str) -> bool:
    """Whether a text fits a pattern; case counts. In time at most the product of their lengths."""
    first, *others = _stretches(pattern)
    if not others:
        return len(text) == first.length and first.stands(text, 0)
    *between, last = others
    if not first.stands(text, 0):
        return False
    place = first.length
    for stretch in between:
        found = stretch.find(text, place)
        if found < 0:
            return False
        place = found + stretch.length
    return len(text) - last.length >= place and last.stands(text, len(text) - last.length)


class Stretch(NamedTuple):
    """What stands between two ``%`` of a pattern: a text, or, where it has ``_`` too, an expression."""

    length: int
    text: str | None
    expression: re.Pattern[str]

    def stands(self, text: str, place: int) -> bool:
        """Whether it is what ``text`` has at a place."""
        return self.expression.match(text, place) is not None

    def find(self, text: str, place: int) -> int:
        """Where it comes first from a place on, -1 where it does not."""
        if self.text is not None:
            return text.find(self.text, place)
        found = self.expression.search(text, place)
        return -1 if found is None else found.start()


@lru_cache(256)
def _stretches(pattern: str) -> tuple[Stretch, ...]:
    """Those of a pattern. Each but the last may be taken where it comes first."""
    runs: list[list[str]] = [[]]
    for piece in pieces_of(pattern):
        if piece is ANYTHING:
            runs.append([])
        else:
            runs[-1].append(piece)
    return tuple(map(_stretch, runs))


def _stretch(pieces: Sequence[str]) -> Stretch:
    expression = re.compile("".join(re.escape(piece) if piece else "." for piece in pieces), re.DOTALL)
    return Stretch(len(pieces), None if ONE in pieces else "".join(pieces), expression)


# --- in memory ------------------------------------------------------------------------------------------------------

ORDERS: Mapping[str, Callable[[Scalar, Scalar], bool]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,  # type: ignore[operator]
    "<=": lambda left, right: left <= right,  # type: ignore[operator]
    ">": lambda left, right: left > right,  # type: ignore[operator]
    ">=": lambda left, right: left >= right,  # type: ignore[operator]
}


def holds(condition: Condition, value_of: Callable[[str], Scalar | None], words: Callable[[], frozenset[str]]) -> bool:
    """Whether a bound condition without names holds of a thing: its fields by name (None: absent), its words."""
    match condition:
        case Every(parts):
            return all(holds(part, value_of, words) for part in parts)
        case Some(parts):
            return any(holds(part, value_of, words) for part in parts)
        case Not(part):
            return not holds(part, value_of, words)
        case Matches(wanted):
            return words().issuperset(wanted)
        case Has(field):
            return value_of(field) is not None
        case Compared(field, operator, value):
            return _is_compared(value_of(field), operator, value)
        case Among(field, values):
            found = value_of(field)
            return any(_is_compared(found, "=", value) for value in values)
        case Like(field, pattern):
            found = value_of(field)
            return isinstance(found, str) and is_like(found, pattern)
        case Begins(field, text):
            found = value_of(field)
            return isinstance(found, str) and found.startswith(str(text))
    raise AssertionError(condition)


def _is_compared(found: Scalar | None, operator: str, value: Value) -> bool:
    if found is None or isinstance(value, Variable) or _type_of(found) is not _type_of(value):
        return False
    return ORDERS[operator](found, value)


def _type_of(value: Scalar) -> type[Scalar]:
    return float if type(value) is int else type(value)


# --- as text again --------------------------------------------------------------------------------------------------


def written(condition: Condition) -> str:
    """A condition as text that reads as the same."""
    match condition:
        case Every(()):
            return "always"
        case Every(parts):
            return " and ".join(_within(part) for part in parts)
        case Some(parts):
            return " or ".join(_within(part) for part in parts)
        case Not(part):
            return f"not {_within(part)}"
        case Compared(field, operator, value):
            return f"{_spelled(field)} {operator} {_literal(value, field)}"
        case Among(field, values):
            return f"{_spelled(field)} in ({', '.join(_literal(value, field) for value in values)})"
        case Like(field, pattern):
            return f"{_spelled(field)} like {_literal(pattern)}"
        case Begins(_, text):
            return f"prefix = {_literal(text)}"
        case Matches(words):
            return f"matches {_literal(' '.join(words))}"
        case Has(field):
            return f"has {_spelled(field)}"
        case Named(name, _):
            return name
    raise AssertionError(condition)


def _within(part: Condition) -> str:
    return f"({written(part)})" if isinstance(part, (Every, Some)) else written(part)


def _spelled(field: str) -> str:
    beginning, dot, rest = field.partition(".")
    return field if not dot or beginning == "attributes" else f'{beginning}."{rest}"'


TIMES = frozenset({"modified", "created", "expires"})


def _literal(value: Value, field: str = "") -> str:
    if isinstance(value, Variable):
        return f"${value.name}" + (f" - {value.ago // SECOND}s" if value.ago else "")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if field in TIMES:
        return f"'{datetime.fromtimestamp(value / SECOND, UTC).isoformat()}'"
    return repr(value)
