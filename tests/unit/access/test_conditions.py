"""access/conditions.py: every operator with what fits, what does not, and a key that is absent."""

from __future__ import annotations

import pytest

from trug.access.conditions import OPERATORS, OperandError, OperatorError, condition, reading_of

ABSENT = None
Found = tuple[str, ...] | None


def holds(
    operator: str, operands: list[str], found: Found, *, key: str = "aws:Key", others: dict[str, str] | None = None
) -> bool:
    values = {name: (text,) for name, text in (others or {}).items()}
    if found is not None:
        values[key.lower()] = found
    return condition(operator, key, operands, has_variables=True).test(values.get)


# What one value of a request is compared with, and the operators' answers; the negated ones say the contrary.
SINGLE = [
    ("StringEquals", ["a"], "a", True),
    ("StringEquals", ["a"], "A", False),
    ("StringEquals", ["a", "b"], "b", True),
    ("StringEquals", ["a", "b"], "c", False),
    ("StringEquals", ["a*"], "ab", False),
    ("StringEquals", ["a*"], "a*", True),
    ("StringEquals", [""], "", True),
    ("StringEqualsIgnoreCase", ["aB"], "Ab", True),
    ("StringEqualsIgnoreCase", ["ab", "cd"], "CD", True),
    ("StringEqualsIgnoreCase", ["ab"], "abc", False),
    ("StringLike", ["a*"], "abc", True),
    ("StringLike", ["a*"], "Abc", False),
    ("StringLike", ["a?c", "x"], "abc", True),
    ("StringLike", ["a?c"], "abbc", False),
    ("StringLike", ["a${*}"], "ab", False),
    ("StringLike", ["a${*}"], "a*", True),
    ("NumericEquals", ["10"], "10.0", True),
    ("NumericEquals", ["10"], "11", False),
    ("NumericEquals", ["10", "11"], "11", True),
    ("NumericEquals", ["10"], "ten", False),
    ("NumericEquals", ["10"], "1e1", False),
    ("NumericLessThan", ["10"], "9.99", True),
    ("NumericLessThan", ["10"], "10", False),
    ("NumericLessThan", ["-3"], "-4", True),
    ("NumericLessThan", ["5", "10"], "7", True),
    ("NumericLessThanEquals", ["10"], "10", True),
    ("NumericLessThanEquals", ["10"], "11", False),
    ("NumericGreaterThan", ["10"], "11", True),
    ("NumericGreaterThan", ["10"], "10", False),
    ("NumericGreaterThan", ["99999999999999999998"], "99999999999999999999", True),
    ("NumericGreaterThanEquals", ["10"], "10", True),
    ("NumericGreaterThanEquals", ["10"], "9", False),
    ("DateEquals", ["2026-01-01T00:00:00Z"], "2026-01-01T01:00:00+01:00", True),
    ("DateEquals", ["2026-01-01"], "2026-01-01T00:00Z", True),
    ("DateEquals", ["2026"], "2026-01-01", True),
    ("DateEquals", ["2026-02"], "2026-02-01", True),
    ("DateEquals", ["1767225600"], "2026-01-01T00:00:00Z", True),
    ("DateEquals", ["2026-01-01"], "1767225601", False),
    ("DateEquals", ["2026-01-01"], "tomorrow", False),
    ("DateEquals", ["2026-01-01"], "2026-13-01", False),
    ("DateLessThan", ["2026-01-01T00:00:00Z"], "2025-12-31T23:59:59Z", True),
    ("DateLessThan", ["2026-01-01T00:00:00Z"], "2026-01-01T00:00:00Z", False),
    ("DateLessThanEquals", ["2026-01-01T00:00:00.5Z"], "2026-01-01T00:00:00Z", True),
    ("DateLessThanEquals", ["2026-01-01T00:00:00Z"], "2026-01-01T00:00:01Z", False),
    ("DateGreaterThan", ["2026-01-01T00:00:00Z"], "2026-01-01T00:00:01Z", True),
    ("DateGreaterThan", ["2026-01-01T00:00:00-05:00"], "2026-01-01T04:59:59Z", False),
    ("DateGreaterThanEquals", ["2026-01-01T00:00:00-0500"], "2026-01-01T05:00:00Z", True),
    ("DateGreaterThanEquals", ["2026-01-01"], "2025-12-31", False),
    ("Bool", ["true"], "true", True),
    ("Bool", ["True"], "true", True),
    ("Bool", ["false"], "FALSE", True),
    ("Bool", ["true"], "false", False),
    ("Bool", ["true"], "1", False),
    ("Bool", ["true", "false"], "false", True),
    ("BinaryEquals", ["QmluYXJ5"], "QmluYXJ5", True),
    ("BinaryEquals", ["QmluYXJ5"], "Qmlu", False),
    ("BinaryEquals", ["QmluYXJ5"], "!", False),
    ("IpAddress", ["203.0.113.0/24"], "203.0.113.9", True),
    ("IpAddress", ["203.0.113.0/24"], "203.0.114.9", False),
    ("IpAddress", ["203.0.113.7/24"], "203.0.113.9", True),
    ("IpAddress", ["203.0.113.7"], "203.0.113.7", True),
    ("IpAddress", ["203.0.113.7"], "203.0.113.8", False),
    ("IpAddress", ["203.0.113.0/24"], "::ffff:203.0.113.9", True),
    ("IpAddress", ["::ffff:203.0.113.0/120"], "203.0.113.9", True),
    ("IpAddress", ["::ffff:203.0.113.0/120"], "203.0.114.9", False),
    ("IpAddress", ["::ffff:0:0/96"], "203.0.114.9", True),
    ("IpAddress", ["2001:db8::/32"], "2001:db8:1::1", True),
    ("IpAddress", ["2001:db8::/32"], "2001:db9::1", False),
    ("IpAddress", ["2001:db8::/32", "10.0.0.0/8"], "10.1.2.3", True),
    ("IpAddress", ["::/0"], "10.1.2.3", False),
    ("IpAddress", ["0.0.0.0/0"], "10.1.2.3", True),
    ("IpAddress", ["fe80::/10"], "fe80::1%eth0", True),
    ("IpAddress", ["10.0.0.0/8"], "unknown", False),
    ("ArnEquals", ["arn:aws:sns:us-east-1:1:t"], "arn:aws:sns:us-east-1:1:t", True),
    ("ArnEquals", ["arn:aws:sns:*:1:t*"], "arn:aws:sns:us-east-1:1:topic", True),
    ("ArnEquals", ["arn:aws:sns:*"], "arn:aws:sns:us-east-1:1:t", False),
    ("ArnLike", ["arn:aws:s3:::b?"], "arn:aws:s3:::b1", True),
    ("ArnLike", ["arn:aws:s3:::b", "arn:aws:s3:*:*:c"], "arn:aws:s3:::c", True),
    ("ArnLike", ["arn:aws:s3:::b"], "arn:aws:s3:::c", False),
    ("ArnLike", ["arn:aws:s3:::b"], "b", False),
]
NEGATIONS = {
    "StringEquals": "StringNotEquals",
    "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
    "StringLike": "StringNotLike",
    "NumericEquals": "NumericNotEquals",
    "DateEquals": "DateNotEquals",
    "IpAddress": "NotIpAddress",
    "ArnEquals": "ArnNotEquals",
    "ArnLike": "ArnNotLike",
}
NEGATED = frozenset(NEGATIONS.values())
POSITIVE = frozenset(OPERATORS) - NEGATED


@pytest.mark.parametrize(("operator", "operands", "value", "is_fit"), SINGLE)
def test_one_value(operator: str, operands: list[str], value: str, is_fit: bool) -> None:
    for spelled in (operator, operator + "IfExists", operator.lower()):
        assert holds(spelled, operands, (value,)) is is_fit
    for quantifier in ("ForAllValues:", "ForAnyValue:"):
        assert holds(quantifier + operator, operands, (value,)) is is_fit


@pytest.mark.parametrize(
    ("operator", "operands", "value", "is_fit"),
    [(NEGATIONS[row[0]], *row[1:3], not row[3]) for row in SINGLE if row[0] in NEGATIONS],
)
def test_one_value_negated(operator: str, operands: list[str], value: str, is_fit: bool) -> None:
    for spelled in (operator, operator + "IfExists", "ForAllValues:" + operator, "ForAnyValue:" + operator):
        assert holds(spelled, operands, (value,)) is is_fit


def test_each_operator_has_its_row() -> None:
    assert {row[0] for row in SINGLE} == POSITIVE
    assert frozenset(OPERATORS) == POSITIVE | NEGATED


OPERAND = {
    "String": "a",
    "Numeric": "1",
    "Date": "2026-01-01",
    "Bool": "true",
    "Binary": "QQ==",
    "Ip": "10.0.0.0/8",
    "NotIp": "10.0.0.0/8",
    "Arn": "arn:aws:s3:::b",
}


def operand_of(operator: str) -> str:
    return next(operand for prefix, operand in OPERAND.items() if operator.startswith(prefix))


@pytest.mark.parametrize("found", [None, ()])
@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_an_absent_key(operator: str, found: Found) -> None:
    operands = [operand_of(operator)]
    assert holds(operator, operands, found) is (operator in NEGATED)
    assert holds("ForAllValues:" + operator, operands, found) is True
    assert holds("ForAnyValue:" + operator, operands, found) is False
    for quantifier in ("", "ForAllValues:", "ForAnyValue:"):
        assert holds(quantifier + operator + "IfExists", operands, found) is True


@pytest.mark.parametrize(
    ("operator", "found", "is_fit"),
    [
        ("StringEquals", ("a", "x"), True),
        ("StringEquals", ("x", "y"), False),
        ("StringNotEquals", ("a", "x"), False),
        ("StringNotEquals", ("x", "y"), True),
        ("ForAllValues:StringEquals", ("a", "b"), True),
        ("ForAllValues:StringEquals", ("a", "x"), False),
        ("ForAllValues:StringEquals", ("x",), False),
        ("ForAllValues:StringNotEquals", ("x", "y"), True),
        ("ForAllValues:StringNotEquals", ("a", "x"), False),
        ("ForAllValues:StringNotEquals", ("a", "b"), False),
        ("ForAnyValue:StringEquals", ("a", "x"), True),
        ("ForAnyValue:StringEquals", ("x", "y"), False),
        ("ForAnyValue:StringNotEquals", ("a", "x"), True),
        ("ForAnyValue:StringNotEquals", ("a", "b"), False),
        ("ForAnyValue:StringNotEquals", ("x", "y"), True),
        ("forallvalues:stringequals", ("a", "x"), False),
        ("ForAnyValue:StringLikeIfExists", ("x", "y"), False),
    ],
)
def test_many_values(operator: str, found: Found, is_fit: bool) -> None:
    assert holds(operator, ["a", "b"], found) is is_fit


@pytest.mark.parametrize(
    ("operands", "found", "is_fit"),
    [
        (["true"], ABSENT, True),
        (["true"], (), True),
        (["true"], ("",), False),
        (["true"], ("x",), False),
        (["false"], ABSENT, False),
        (["false"], ("x",), True),
        (["True"], ABSENT, True),
        (["true", "false"], ("x",), True),
    ],
)
def test_null(operands: list[str], found: Found, is_fit: bool) -> None:
    assert holds("Null", operands, found) is is_fit


# --- variables ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operator", "operand", "value", "is_fit"),
    [
        ("StringEquals", "${aws:username}", "al*ce", True),
        ("StringEquals", "${aws:username}", "alice", False),
        ("StringNotEquals", "${aws:username}", "al*ce", False),
        ("StringEqualsIgnoreCase", "${aws:username}", "AL*CE", True),
        ("StringLike", "home/${aws:username}/*", "home/al*ce/x", True),
        ("StringLike", "home/${aws:username}/*", "home/alice/x", False),
        ("StringNotLike", "home/${aws:username}/*", "home/alice/x", True),
        ("ArnLike", "arn:aws:iam::1:user/${aws:username}", "arn:aws:iam::1:user/al*ce", True),
        ("ArnLike", "${aws:arn}", "arn:aws:iam::1:user/x", True),
        ("ArnEquals", "arn:aws:iam::1:user/${aws:username}", "arn:aws:iam::1:user/alice", False),
        ("StringEquals", "${aws:nothing}", "", False),
        ("StringNotEquals", "${aws:nothing}", "", True),
        ("StringEquals", "${aws:nothing, 'x'}", "x", True),
        ("ForAllValues:StringLike", "${aws:username}", "al*ce", True),
    ],
)
def test_variables(operator: str, operand: str, value: str, is_fit: bool) -> None:
    others = {"aws:username": "al*ce", "aws:arn": "arn:aws:iam::1:user/x"}
    assert holds(operator, [operand], (value,), others=others) is is_fit


def test_a_list_with_a_variable_is_a_list() -> None:
    asked = ["plain", "${aws:nothing}", "${aws:username}"]
    for value, is_fit in (("plain", True), ("bob", True), ("x", False)):
        assert holds("StringEquals", asked, (value,), others={"aws:username": "bob"}) is is_fit


def test_variables_need_their_keys() -> None:
    known = condition("StringLike", "S3:Prefix", ["${aws:UserName}/*"], has_variables=True)
    assert known.key == "s3:prefix" and known.needs == {"s3:prefix", "aws:username"}
    older = condition("StringLike", "s3:prefix", ["${aws:username}/x"], has_variables=False)
    assert older.needs == {"s3:prefix"} and older.test({"s3:prefix": ("${aws:username}/x",)}.get)


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Equals",
        "IfExists",
        "StringEqualsIfExistsIfExists",
        "NullIfExists",
        "ForAnyValue:Null",
        "ForAllValues:NullIfExists",
        ":StringEquals",
        "ForSomeValues:StringEquals",
        "ForAllValues:ForAnyValue:StringEquals",
        "ForAllValues:",
        "StringEquals:ForAllValues",
        "BinaryNotEquals",
    ],
)
def test_no_operator(name: str) -> None:
    with pytest.raises(OperatorError):
        reading_of(name)


@pytest.mark.parametrize(
    ("operator", "operand"),
    [
        ("NumericEquals", "ten"),
        ("NumericEquals", ""),
        ("NumericEquals", "NaN"),
        ("NumericEquals", "1e9"),
        ("NumericEquals", "٣"),
        ("NumericLessThan", "${aws:epochtime}"),
        ("DateEquals", "yesterday"),
        ("DateEquals", "2026-02-30"),
        ("DateEquals", "2026-01-01T25:00Z"),
        ("Bool", "yes"),
        ("Null", "maybe"),
        ("BinaryEquals", "not base64!"),
        ("IpAddress", "10.0.0.0/33"),
        ("IpAddress", "10.0.0"),
        ("IpAddress", "*"),
        ("NotIpAddress", "example.com"),
        ("StringLike", "${aws:username"),
        ("ArnLike", "arn:aws:s3:::${}"),
    ],
)
def test_no_operand(operator: str, operand: str) -> None:
    with pytest.raises(OperandError):
        condition(operator, "aws:Key", [operand], has_variables=True)
