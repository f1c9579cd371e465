"""What an object may be called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.keys import after_prefix, check_key, decode_key

LEGAL = {
    "one-character": "a",
    "longest": "k" * 1024,
    "longest-in-bytes": "é" * 512,
    "G4-up-and-not-out": "a/../b",
    "G4-back-to-the-root": "a/..",
    "G4-three-dots": ".../x",
    "G4-dots-in-a-name": "a..b/..c",
    "G5-dot": ".",
    "G5-dot-segment": "./x",
    "G5-leading-slash": "/x",
    "G5-double-slash": "a//b",
    "G5-trailing-slash": "a/",
    "G5-slashes": "//",
    "G9-zero-width-joiner": "a\u200db",
    "G9-right-to-left": "a\u202eb",
    "G9-byte-order-mark": "\ufeffa",
    "G12-markup": "<>&\"']]>",
    "G14-deep": "/".join(["d"] * 100),
    "G14-device": "con",
    "G14-trailing-spaces": "key.  ",
    "control-characters": "\x01\x1f\x7f\r\n",
}
REFUSED = {
    "too-long": ("k" * 1025, ErrorCode.KeyTooLongError),
    "too-long-in-bytes": ("é" * 513, ErrorCode.KeyTooLongError),
    "empty": ("", ErrorCode.InvalidArgument),
    "nul": ("a\0b", ErrorCode.InvalidArgument),
    "surrogate": ("a\ud800", ErrorCode.InvalidURI),
    "G4-parent": ("..", ErrorCode.InvalidURI),
    "G4-in-the-parent": ("../x", ErrorCode.InvalidURI),
    "G4-up-and-out": ("a/../../x", ErrorCode.InvalidURI),
    "G4-out-and-back": ("../a/b", ErrorCode.InvalidURI),
    "G4-dots-do-not-descend": ("./../x", ErrorCode.InvalidURI),
    "G4-slashes-do-not-descend": ("//../x", ErrorCode.InvalidURI),
}
DECODED = {
    "plain": ("photos/2026/a.jpeg", "photos/2026/a.jpeg"),
    "plus": ("a+b", "a+b"),
    "space": ("a%20b", "a b"),
    "percent": ("100%25", "100%"),
    "upper-case-hex": ("%E2%82%AC", "€"),
    "A24-lower-case-hex": ("%e2%82%ac", "€"),
    "slash": ("a%2Fb", "a/b"),
    "raw-utf-8": ("\xe2\x82\xac", "€"),
    "raw-utf-8-and-escape": ("\xc3%A9", "é"),
    "G6-once": ("%252e", "%2e"),
    "G6-parent": ("%2e%2e%2f", "../"),
    "G6-backslash": ("..%5c", "..\\"),
    "G9-composed": ("%C3%A9", "\u00e9"),
    "G9-decomposed": ("e%CC%81", "e\u0301"),
    "nul": ("%00", "\0"),
}
UNDECODABLE = {
    "A25-no-hex": "%zz",
    "A25-percent-alone": "%",
    "A25-one-digit": "a%2",
    "A25-sign": "%+1",
    "G6-overlong": "..%c0%af",
    "G8-no-utf-8": "%ff",
    "G8-cut-short": "%c3",
    "G8-surrogate": "%ed%a0%80",
    "G8-beyond-unicode": "%f4%90%80%80",
    "G8-raw-byte": "\xff",
    "not-of-the-wire": "€",
}
PREFIXES = {
    "letter": ("a", "b"),
    "delimiter": ("a/", "a0"),
    "nothing": ("", ""),
    "last-of-ascii": ("\x7f", "\x80"),
    "before-the-surrogates": ("a\ud7ff", "a\ue000"),
    "last-character": ("a\U0010ffff", "b"),
    "last-characters": ("a\U0010ffff\U0010ffff", "b"),
    "only-last-characters": ("\U0010ffff\U0010ffff", ""),
    "end-of-the-basic-plane": ("\uffff", "\U00010000"),
}


@pytest.mark.parametrize("key", LEGAL.values(), ids=LEGAL)
def test_a_key_that_s3_takes(key: str) -> None:
    check_key(key)


@pytest.mark.parametrize(("key", "code"), REFUSED.values(), ids=REFUSED)
def test_a_key_that_s3_refuses(key: str, code: ErrorCode) -> None:
    with pytest.raises(S3Error) as refused:
        check_key(key)
    assert refused.value.code is code


def test_a_long_key_is_told_its_size() -> None:
    with pytest.raises(S3Error) as refused:
        check_key("é" * 600)
    assert refused.value.fields == {"Size": "1200", "MaxSizeAllowed": "1024"}


@pytest.mark.parametrize(("raw", "key"), DECODED.values(), ids=DECODED)
def test_a_path_becomes_a_key(raw: str, key: str) -> None:
    assert decode_key(raw) == key


@pytest.mark.parametrize("raw", UNDECODABLE.values(), ids=UNDECODABLE)
def test_a_path_that_is_no_key(raw: str) -> None:
    with pytest.raises(S3Error) as refused:
        decode_key(raw)
    assert refused.value.code is ErrorCode.InvalidURI


@given(st.binary(max_size=40))
def test_any_bytes_decode_as_utf_8_or_not_at_all(content: bytes) -> None:
    raw = "".join(f"%{byte:02x}" for byte in content)
    try:
        expected = content.decode()
    except UnicodeDecodeError:
        with pytest.raises(S3Error):
            decode_key(raw)
    else:
        assert decode_key(raw) == expected


@pytest.mark.parametrize(("prefix", "following"), PREFIXES.values(), ids=PREFIXES)
def test_what_follows_a_prefix(prefix: str, following: str) -> None:
    assert after_prefix(prefix) == following


TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\ud7ff\ue000\U0010ffff"), max_size=4)


@given(TEXT, TEXT, TEXT)
def test_what_follows_a_prefix_is_the_least_upper_bound(prefix: str, rest: str, other: str) -> None:
    following = after_prefix(prefix).encode()
    if not following:
        assert not prefix.strip("\U0010ffff")
        return
    assert (prefix + rest).encode() < following
    if prefix.encode() < other.encode() < following:
        assert other.startswith(prefix)
