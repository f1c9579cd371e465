"""domain/cors.py: which rules are stored, and what they allow."""

from __future__ import annotations

import pytest

from trug.domain.cors import CorsRule, Grant, check_rules, find_grant, pack_rules, unpack_rules
from trug.domain.errors import S3Error

PAGE = "https://www.example.com"
ANYBODY = CorsRule(("GET",), ("*",))


def rule(origin: str, method: str = "GET", headers: tuple[str, ...] = (), **more: object) -> CorsRule:
    return CorsRule((method,), (origin,), headers, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pattern", "origin", "fits"),
    [
        (PAGE, PAGE, True),
        (PAGE, "https://www.example.com.evil", False),
        (PAGE, "http://www.example.com", False),
        (PAGE, "HTTPS://www.example.com", False),
        (PAGE, "null", False),
        (PAGE, "", False),
        ("*", PAGE, True),
        ("*", "null", True),
        ("https://*.example.com", PAGE, True),
        ("https://*.example.com", "https://a.b.example.com", True),
        ("https://*.example.com", "https://example.com", False),
        ("https://*.example.com", "https://.example.com.evil", False),
        ("http*", PAGE, True),
        ("*.example.com", PAGE, True),
        ("https://a*a", "https://a", False),
        ("https://a*a", "https://aa", True),
    ],
)
def test_origins(pattern: str, origin: str, fits: bool) -> None:
    assert (find_grant([rule(pattern)], origin, "GET") is not None) is fits


def test_only_a_lone_wildcard_is_shown_as_one() -> None:
    anybody = find_grant([ANYBODY], PAGE, "GET")
    assert anybody == Grant(ANYBODY, "*")
    assert not anybody.allows_credentials
    for pattern in (PAGE, "https://*", "http*"):
        grant = find_grant([rule(pattern)], PAGE, "GET")
        assert grant is not None
        assert (grant.origin, grant.allows_credentials) == (PAGE, True)


@pytest.mark.parametrize(
    ("allowed", "asked", "fits"),
    [
        ((), (), True),
        ((), ("x-amz-date",), False),
        (("*",), ("x-amz-date", "authorization"), True),
        (("x-amz-*",), ("x-amz-date",), True),
        (("X-Amz-*",), ("x-amz-date",), True),
        (("x-amz-*",), ("x-amz-date", "authorization"), False),
        (("authorization", "x-amz-*"), ("x-amz-date", "authorization"), True),
    ],
)
def test_headers(allowed: tuple[str, ...], asked: tuple[str, ...], fits: bool) -> None:
    grant = find_grant([rule("*", headers=allowed)], PAGE, "GET", asked)
    assert (grant is not None) is fits
    assert grant is None or grant.headers == asked


def test_the_first_rule_that_fits_altogether() -> None:
    first, second = rule(PAGE, "PUT", ("*",), id="first"), rule("*", id="second")
    third = rule("*", "PUT", ("content-type",), id="third")
    for origin, method, headers, expected in [
        (PAGE, "PUT", ("a",), first),
        (PAGE, "GET", (), second),
        ("https://other", "PUT", ("content-type",), third),
        ("https://other", "PUT", ("other",), None),
        (PAGE, "DELETE", (), None),
        (PAGE, "get", (), None),
    ]:
        grant = find_grant([first, second, third], origin, method, headers)
        assert (None if grant is None else grant.rule) == expected


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([ANYBODY] * 101, "The number of CORS rules should not exceed allowed limit of 100 rules."),
        ([rule("*", "PATCH")], "Found unsupported HTTP method in CORS config. Unsupported method is PATCH"),
        ([rule("*", "get")], "Found unsupported HTTP method in CORS config. Unsupported method is get"),
        ([rule("*", "*")], "Found unsupported HTTP method in CORS config. Unsupported method is *"),
        ([rule("http://*.*.com")], 'AllowedOrigin "http://*.*.com" can not have more than one wildcard.'),
        ([rule("*", headers=("**",))], 'AllowedHeader "**" can not have more than one wildcard.'),
        (
            [rule("*", exposed=("x-*",))],
            'ExposeHeader "x-*" contains wildcard. We currently do not support wildcard for ExposeHeader.',
        ),
        ([rule("*", exposed=("x y",))], 'ExposeHeader "x y" contains invalid character.'),
        ([rule("*", exposed=("x\r\ny:",))], 'ExposeHeader "x\r\ny:" contains invalid character.'),
        ([rule("*", exposed=("",))], 'ExposeHeader "" contains invalid character.'),
        ([rule("*", id="i" * 256)], "ID length should not exceed allowed limit of 255"),
        ([rule("*", id="a"), rule("*", id="a")], "Rule ID must be unique. Found same ID for more than one rule."),
    ],
)
def test_what_is_not_stored(rules: list[CorsRule], message: str) -> None:
    with pytest.raises(S3Error) as caught:
        check_rules(rules)
    assert (caught.value.code.name, caught.value.message) == ("InvalidRequest", message)


def test_what_is_stored() -> None:
    rules = (
        rule("*", "PUT", ("*",), exposed=("ETag", "x-amz-meta-a_b"), max_age=0, id="ö" * 255),
        *(ANYBODY for _ in range(99)),
    )
    check_rules(rules)
    assert unpack_rules(pack_rules(rules)) == rules
