"""The condition operators of the policy language, made into functions of a request's values."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from operator import eq, ge, gt, le, lt
from typing import Any, NamedTuple

from trug.access.patterns import (
    PatternError,
    Piece,
    Resolved,
    Values,
    arn_matcher,
    constant,
    literal,
    matcher,
    pieces_of,
    resolved,
    variables_of,
)
from trug.domain.frozen import frozen

Fit = Callable[[str], bool]
Family = Callable[[Sequence[Resolved]], Fit]
Test = Callable[[Values], bool]
Patterned = tuple[Piece, ...]


class OperatorError(ValueError):
    """There is no such operator."""


class OperandError(ValueError):
    """A value that its operator cannot compare with."""


@frozen
class Condition:
    """One line of a Condition block: an operator, a key (lower-case) and the values that it asks for."""

    operator: str
    key: str
    operands: tuple[str, ...]
    needs: frozenset[str]
    test: Test


# --- comparing one value --------------------------------------------------------------------------------------------

# A family makes of what the policy asks for a function that says whether one value of a request is one of these.


def _any_text(operands: Sequence[Resolved]) -> Fit:
    return frozenset(map(literal, operands)).__contains__


def _any_text_ignoring_case(operands: Sequence[Resolved]) -> Fit:
    texts = frozenset(literal(each).lower() for each in operands)
    return lambda value: value.lower() in texts


def _any_pattern(operands: Sequence[Resolved]) -> Fit:
    return _any_fit([matcher(each) for each in operands])


def _any_arn(operands: Sequence[Resolved]) -> Fit:
    return _any_fit([arn_matcher(each) for each in operands])


def _any_fit(fits: Sequence[Fit]) -> Fit:
    return fits[0] if len(fits) == 1 else lambda value: any(fit(value) for fit in fits)


def _ordered(parse: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Family:
    """Anything that can be put in order, read by ``parse`` (None: it is none)."""

    def family(operands: Sequence[Resolved]) -> Fit:
        bounds = [_read(parse, literal(operand)) for operand in operands]

        def fit(value: str) -> bool:
            found = parse(value)
            return found is not None and any(compare(found, bound) for bound in bounds)

        return fit

    return family


def _read(parse: Callable[[str], Any], operand: str) -> Any:
    found = parse(operand)
    if found is None:
        raise OperandError(operand)
    return found


NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})\Z")


def _number(text: str) -> Decimal | None:
    return Decimal(text) if NUMBER.match(text) else None


DATE = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:[Tt](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,9}))?)?"
    r"(?P<zone>[Zz]|[+-][0-9]{2}:?[0-9]{2})?)?)?)?\Z"
)
SECONDS = re.compile(r"[0-9]{5,12}\Z")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def _moment(text: str) -> int | None:
    """Seconds since 1970: a date of the W3C's profile of ISO 8601 (of four digits: a year), or these seconds."""
    if SECONDS.match(text):
        return int(text)
    found = DATE.match(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (
        int(found[name] or least)
        for name, least in (("year", 1), ("month", 1), ("day", 1), ("hour", 0), ("minute", 0), ("second", 0))
    )
    try:
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        return (moment - EPOCH) // SECOND - _offset(found["zone"] or "Z")
    except (ValueError, OverflowError):
        return None


def _offset(zone: str) -> int:
    if zone in "Zz":
        return 0
    seconds = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
    return -seconds if zone[0] == "-" else seconds


TRUTHS = {"true": True, "false": False}


def _truth(text: str) -> bool | None:
    return TRUTHS.get(text.lower())


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


class Network(NamedTuple):
    """``number`` and ``mask`` as integers of the version's width."""

    version: int
    number: int
    mask: int


MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")


def range_of(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """A CIDR range or a single address; one of IPv4 addresses written as IPv6 is IPv4. ValueError."""
    network = ipaddress.ip_network(text, strict=False)
    if isinstance(network, ipaddress.IPv4Network) or not network.subnet_of(MAPPED):
        return network
    number = int(network.network_address) & 0xFFFF_FFFF
    return ipaddress.IPv4Network((number, network.prefixlen - MAPPED.prefixlen))


def network_of(text: str) -> Network | None:
    try:
        network = range_of(text)
    except ValueError:
        return None
    return Network(network.version, int(network.network_address), int(network.netmask))


@lru_cache(4096)
def _address(text: str) -> tuple[int, int] | None:
    """Version and number; an IPv4 address written as IPv6 is IPv4."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.version, int(address)


def _any_network(operands: Sequence[Resolved]) -> Fit:
    networks = [_read(network_of, literal(operand)) for operand in operands]

    def fit(value: str) -> bool:
        address = _address(value)
        if address is None:
            return False
        for version, number, mask in networks:  # noqa: SIM110 - a generator costs as much as all else here
            if version == address[0] and number == address[1] & mask:
                return True
        return False

    return fit


# --- the table ------------------------------------------------------------------------------------------------------


class Operator(NamedTuple):
    """How one value is compared, whether the answer is turned round, and whether variables mean something."""

    family: Family
    is_negated: bool = False
    has_variables: bool = False


OPERATORS = {
    "StringEquals": Operator(_any_text, has_variables=True),
    "StringNotEquals": Operator(_any_text, is_negated=True, has_variables=True),
    "StringEqualsIgnoreCase": Operator(_any_text_ignoring_case, has_variables=True),
    "StringNotEqualsIgnoreCase": Operator(_any_text_ignoring_case, is_negated=True, has_variables=True),
    "StringLike": Operator(_any_pattern, has_variables=True),
    "StringNotLike": Operator(_any_pattern, is_negated=True, has_variables=True),
    "NumericEquals": Operator(_ordered(_number, eq)),
    "NumericNotEquals": Operator(_ordered(_number, eq), is_negated=True),
    "NumericLessThan": Operator(_ordered(_number, lt)),
    "NumericLessThanEquals": Operator(_ordered(_number, le)),
    "NumericGreaterThan": Operator(_ordered(_number, gt)),
    "NumericGreaterThanEquals": Operator(_ordered(_number, ge)),
    "DateEquals": Operator(_ordered(_moment, eq)),
    "DateNotEquals": Operator(_ordered(_moment, eq), is_negated=True),
    "DateLessThan": Operator(_ordered(_moment, lt)),
    "DateLessThanEquals": Operator(_ordered(_moment, le)),
    "DateGreaterThan": Operator(_ordered(_moment, gt)),
    "DateGreaterThanEquals": Operator(_ordered(_moment, ge)),
    "Bool": Operator(_ordered(_truth, eq)),
    "BinaryEquals": Operator(_ordered(_bytes, eq)),
    "IpAddress": Operator(_any_network),
    "NotIpAddress": Operator(_any_network, is_negated=True),
    "ArnEquals": Operator(_any_arn, has_variables=True),
    "ArnLike": Operator(_any_arn, has_variables=True),
    "ArnNotEquals": Operator(_any_arn, is_negated=True, has_variables=True),
    "ArnNotLike": Operator(_any_arn, is_negated=True, has_variables=True),
}
"""AWS's, but for ``Null`` ("IAM JSON policy elements: Condition operators")."""
BY_NAME = {name.lower(): name for name in OPERATORS}
NULL = "Null"
IF_EXISTS = "IfExists"


# --- asking a request -----------------------------------------------------------------------------------------------


def _one(key: str, fit: Fit, *, is_negated: bool, if_absent: bool) -> Test:
    """Whether a value fits; negated, whether none does."""

    def test(values: Values) -> bool:
        found = values(key)
        if not found:
            return if_absent
        for value in found:
            if fit(value):
                return not is_negated
        return is_negated

    return test


def _every(key: str, fit: Fit, *, is_negated: bool, if_absent: bool) -> Test:
    """``ForAllValues``: whether each value fits; negated, whether each does not."""

    def test(values: Values) -> bool:
        found = values(key)
        return all(fit(value) is not is_negated for value in found) if found else if_absent

    return test


def _some(key: str, fit: Fit, *, is_negated: bool, if_absent: bool) -> Test:
    """``ForAnyValue``: whether one value fits; negated, whether one does not."""

    def test(values: Values) -> bool:
        found = values(key)
        return any(fit(value) is not is_negated for value in found) if found else if_absent

    return test


class Quantifier(NamedTuple):
    """``if_absent`` is what a condition says of a key that the request lacks; None: what its negation is."""

    ask: Callable[..., Test]
    if_absent: bool | None


QUANTIFIERS = {
    "": Quantifier(_one, None),
    "forallvalues": Quantifier(_every, if_absent=True),
    "foranyvalue": Quantifier(_some, if_absent=False),
}


def _is_null(key: str, operands: Sequence[str]) -> Test:
    asked = frozenset(_read(_truth, operand) for operand in operands)

    def test(values: Values) -> bool:
        return (not values(key)) in asked

    return test


class Reading(NamedTuple):
    """An operator's name taken apart; ``operator`` None for Null."""

    quantifier: str
    operator: Operator | None
    name: str
    is_optional: bool


@lru_cache(512)
def reading_of(name: str) -> Reading:
    """OperatorError for what is none; neither ``...IfExists`` nor a set operator goes with Null."""
    quantifier, colon, rest = name.rpartition(":")
    if rest.lower() == NULL.lower() and not colon:
        return Reading("", None, NULL, is_optional=False)
    base = rest.lower().removesuffix(IF_EXISTS.lower())
    known = BY_NAME.get(base)
    if known is None or quantifier.lower() not in QUANTIFIERS or bool(colon) is not bool(quantifier):
        raise OperatorError(name)
    return Reading(quantifier.lower(), OPERATORS[known], known, is_optional=len(base) < len(rest))


def condition(name: str, key: str, operands: Sequence[str], *, has_variables: bool) -> Condition:
    """One line of a Condition block, compiled. OperatorError, OperandError.

    ``has_variables`` where the policy's Version knows variables; they mean something to String and Arn operators only.
    """
    reading = reading_of(name)
    folded = key.lower()
    if reading.operator is None:
        return Condition(name, folded, tuple(operands), frozenset((folded,)), _is_null(folded, operands))
    pieces = [_pieces(operand, has_variables=has_variables and reading.operator.has_variables) for operand in operands]
    needs = frozenset((folded,)).union(*map(variables_of, pieces))
    return Condition(name, folded, tuple(operands), needs, _test(reading, reading.operator, folded, pieces))


def _pieces(operand: str, *, has_variables: bool) -> Patterned:
    try:
        return pieces_of(operand, has_variables=has_variables)
    except PatternError as error:
        raise OperandError(operand) from error


def _test(reading: Reading, operator: Operator, key: str, operands: Sequence[Patterned]) -> Test:
    quantifier = QUANTIFIERS[reading.quantifier]
    if_absent = operator.is_negated if quantifier.if_absent is None else quantifier.if_absent
    ask = partial(quantifier.ask, key, is_negated=operator.is_negated, if_absent=reading.is_optional or if_absent)
    known = [constant(operand) for operand in operands]
    if None not in known:
        return ask(operator.family([each for each in known if each is not None]))

    def test(values: Values) -> bool:
        """With the variables of this request; what has no value is like nothing ("Policy variables with no value")."""
        found = [resolved(operand, values) for operand in operands]
        return ask(operator.family([each for each in found if each is not None]))(values)

    return test
