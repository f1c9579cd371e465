"""What ``*``, ``?`` and ``${aws:username}`` stand for in a policy, found in linear time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from functools import partial
from operator import methodcaller
from typing import NamedTuple

from trug.domain.frozen import frozen

Values = Callable[[str], tuple[str, ...] | None]
"""The values of a condition key, asked for by its lower-case name (``s3:existingobjecttag/x``); None: it is absent."""
Matcher = Callable[[str], bool]


class PatternError(ValueError):
    """A ``${`` begins what is no variable."""


class Wildcard(Enum):
    """MANY stands for any characters or none, ONE for one of any kind, ``/`` and ``:`` included."""

    MANY = "*"
    ONE = "?"


@frozen
class Variable:
    """A condition key (lower-case) whose value is put in; ``default`` where it has none."""

    key: str
    default: str | None = None


Piece = str | Wildcard | Variable
Resolved = tuple[str | Wildcard, ...]

# Each of them fails at one `${` and is then given up, so neither can be made to look at a text twice.
WILDCARDS = re.compile(r"(?P<wildcard>[*?])")
VARIABLES = re.compile(
    r"(?P<wildcard>[*?])|\$\{(?P<literal>[*?$])\}|\$\{(?P<key>[^${}*?',]+)(?:,\s*'(?P<default>(?:[^']|'')*)'\s*)?\}"
    r"|(?P<broken>\$\{)"
)


# --- reading --------------------------------------------------------------------------------------------------------


def pieces_of(text: str, *, has_variables: bool) -> tuple[Piece, ...]:
    """A pattern taken apart; variables only where they mean something. PatternError.

    ``${*}``, ``${?}`` and ``${$}`` are these characters themselves, ``${key, 'default'}`` has a default in which ``''``
    is one quote ("IAM policy elements: Variables and tags").
    """
    pieces: list[Piece] = []
    place = 0
    for found in (VARIABLES if has_variables else WILDCARDS).finditer(text):
        pieces += (text[place : found.start()], _piece(found))
        place = found.end()
    pieces.append(text[place:])
    return tuple(_joined(pieces))


def _piece(found: re.Match[str]) -> Piece:
    kind, text = found.lastgroup, found.groupdict()
    if kind == "wildcard":
        return Wildcard(text["wildcard"])
    if kind == "literal":
        return str(text["literal"])
    key = (text["key"] or "").strip().lower()
    if not key:
        raise PatternError(found.string)
    default = text["default"]
    return Variable(key, None if default is None else default.replace("''", "'"))


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Neighbouring texts as one, ``**`` as ``*``, nothing that is empty."""
    text = ""
    last: Piece | None = None
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        if text:
            yield text
        elif piece is Wildcard.MANY and last is Wildcard.MANY:
            continue
        text, last = "", piece
        yield piece
    if text:
        yield text


def resolved(pieces: Sequence[Piece], values: Values) -> Resolved | None:
    """With the variables' values, in which ``*`` is a character; None where one has no value, or more than one."""
    found: list[str | Wildcard] = []
    for piece in pieces:
        if not isinstance(piece, Variable):
            found.append(piece)
            continue
        known = values(piece.key)
        text = known[0] if known is not None and len(known) == 1 else piece.default
        if text is None:
            return None
        found.append(text)
    return tuple(piece for piece in _joined(found) if not isinstance(piece, Variable))


def constant(pieces: Sequence[Piece]) -> Resolved | None:
    """The same where there are no variables; None where there are."""
    plain = tuple(piece for piece in pieces if not isinstance(piece, Variable))
    return plain if len(plain) == len(pieces) else None


def literal(pieces: Sequence[str | Wildcard]) -> str:
    """What is meant where wildcards are characters."""
    return "".join(piece if isinstance(piece, str) else piece.value for piece in pieces)


def variables_of(pieces: Sequence[Piece]) -> frozenset[str]:
    return frozenset(piece.key for piece in pieces if isinstance(piece, Variable))


# --- matching -------------------------------------------------------------------------------------------------------


class Segment(NamedTuple):
    """What stands between two ``*``, of a fixed length: C finds it and never looks back; ``form`` if it has ``?``."""

    length: int
    text: str
    form: re.Pattern[str] | None

    def stands_at(self, text: str, place: int) -> bool:
        if self.form is None:
            return text.startswith(self.text, place)
        return self.form.match(text, place) is not None

    def end_in(self, text: str, start: int, end: int) -> int:
        """Where the first one between these places ends, or -1."""
        if self.form is None:
            place = text.find(self.text, start, end)
            return place if place < 0 else place + self.length
        found = self.form.search(text, start, end)
        return -1 if found is None else found.end()


def matcher(pieces: Sequence[str | Wildcard]) -> Matcher:
    """Whether the whole of a text fits.

    Each ``*`` takes as little as it can and is never asked again, which is enough: so a match costs one search of the
    text for each segment, and no more of them than the text is long.
    """
    first, *rest = [_segment(part) for part in _parts(pieces)]
    if not rest:
        return partial(_is_whole, first)
    *middle, last = rest
    if not middle and not last.length and first.form is None:
        return methodcaller("startswith", first.text)
    return partial(_fits, first, tuple(middle), last)


def _parts(pieces: Sequence[str | Wildcard]) -> list[list[str | Wildcard]]:
    parts: list[list[str | Wildcard]] = [[]]
    for piece in pieces:
        if piece is Wildcard.MANY:
            parts.append([])
        else:
            parts[-1].append(piece)
    return parts


def _segment(part: Sequence[str | Wildcard]) -> Segment:
    text = literal(part)
    if Wildcard.ONE not in part:
        return Segment(len(text), text, None)
    form = "".join(re.escape(piece) if isinstance(piece, str) else "." for piece in part)
    return Segment(len(text), text, re.compile(form, re.DOTALL))


def _is_whole(segment: Segment, text: str) -> bool:
    return len(text) == segment.length and segment.stands_at(text, 0)


def _fits(first: Segment, middle: Sequence[Segment], last: Segment, text: str) -> bool:
    start, end = first.length, len(text) - last.length
    if start > end or not first.stands_at(text, 0) or not last.stands_at(text, end):
        return False
    for segment in middle:
        start = segment.end_in(text, start, end)
        if start < 0:
            return False
    return True


# --- sets of patterns -----------------------------------------------------------------------------------------------


@frozen
class Patterns:
    """Any of some patterns; those that are plain texts or prefixes, which most are, are looked up at once."""

    texts: frozenset[str]
    prefixes: tuple[str, ...]
    others: tuple[Matcher, ...]
    templates: tuple[tuple[Piece, ...], ...]
    heads: tuple[str, ...]
    """Whatever fits begins with one of these."""

    @property
    def is_plain(self) -> bool:
        return not self.others and not self.templates

    def match(self, text: str, values: Values) -> bool:
        """Whether one of them is fit by a text; one whose variables have no value is fit by none."""
        if text in self.texts or text.startswith(self.prefixes):
            return True
        return not self.is_plain and self._match_others(text, values)

    def _match_others(self, text: str, values: Values) -> bool:
        if any(other(text) for other in self.others):
            return True
        return any(_is_filled(template, text, values) for template in self.templates)


def _is_filled(template: Sequence[Piece], text: str, values: Values) -> bool:
    head = template[0]
    if isinstance(head, str) and not text.startswith(head):
        return False
    known = resolved(template, values)
    return known is not None and matcher(known)(text)


def patterns(each: Iterable[tuple[Piece, ...]]) -> Patterns:
    texts, prefixes, others, templates = set[str](), list[str](), list[Matcher](), list[tuple[Piece, ...]]()
    heads = set[str]()
    for pieces in each:
        heads.add(pieces[0] if pieces and isinstance(pieces[0], str) else "")
        known = constant(pieces)
        if known is None:
            templates.append(pieces)
        elif not any(isinstance(piece, Wildcard) for piece in known):
            texts.add(literal(known))
        elif known[-1] is Wildcard.MANY and not any(isinstance(piece, Wildcard) for piece in known[:-1]):
            prefixes.append(literal(known[:-1]))
        else:
            others.append(matcher(known))
    return Patterns(frozenset(texts), tuple(prefixes), tuple(others), tuple(templates), tuple(heads))


# --- ARNs -----------------------------------------------------------------------------------------------------------

PARTS = 6
"""``arn:partition:service:region:account:resource``; the last may hold further colons."""


def arn_matcher(pieces: Sequence[str | Wildcard]) -> Matcher:
    """Whether an ARN fits part by part, so that no wildcard reaches over a colon but in the last ("Amazon Resource Name
    (ARN) condition operators"). A lone ``*`` is fit by every ARN, what else has fewer parts by none."""
    if tuple(pieces) == (Wildcard.MANY,):
        return _is_arn
    parts = _arn_parts(pieces)
    if len(parts) < PARTS:
        return _never
    return partial(_fits_by_part, tuple(map(matcher, parts)))


def _arn_parts(pieces: Sequence[str | Wildcard]) -> list[list[str | Wildcard]]:
    parts: list[list[str | Wildcard]] = [[]]
    for piece in pieces:
        if not isinstance(piece, str):
            parts[-1].append(piece)
            continue
        head, *rest = piece.split(":", PARTS - len(parts))
        parts[-1].append(head)
        parts += [[text] for text in rest]
    return parts


def _fits_by_part(parts: Sequence[Matcher], arn: str) -> bool:
    found = arn.split(":", PARTS - 1)
    return len(found) == PARTS and all(part(text) for part, text in zip(parts, found, strict=True))


def _is_arn(arn: str) -> bool:
    return arn.startswith("arn:")


def _never(_: str) -> bool:
    return False
