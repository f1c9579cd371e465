"""The shapes and quotas of IAM ("IAM and AWS STS quotas"): names, paths, tags and documents are checked here."""

from __future__ import annotations

import re
import secrets
import string
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING

from trug.iam.entities import Tags
from trug.iam.refusals import IamCode, IamError, malformed, over_quota

if TYPE_CHECKING:
    from re import Pattern

VERSIONS_PER_POLICY = 5
GROUPS_PER_USER = 10
POLICIES_PER_HOLDER = 10
KEYS_PER_USER = 2
TAGS = 50
CLIENT_IDS = 100
THUMBPRINTS = 5
SHORTEST_SESSION, LONGEST_SESSION = 3600, 43_200

INLINE_CHARACTERS = {"user": 2048, "group": 5120, "role": 10_240}
"""Of all inline policies of one holder together; white space does not count in any of these."""

MANAGED_CHARACTERS = 6144
TRUST_CHARACTERS = 2048
DOCUMENT_CHARACTERS = 131_072
"""The longest text that a request may carry."""

NAME = r"[\w+=,.@-]"
USER_NAME = re.compile(NAME + r"{1,64}\Z", re.ASCII)
LONG_NAME = re.compile(NAME + r"{1,128}\Z", re.ASCII)
PATH = re.compile(r"/\Z|/[!-\x7f]{1,510}/\Z")
DESCRIPTION = re.compile(r"[\t\n\r\x20-\x7e\xa1-\xff]{0,1000}\Z")
ALIAS_NAME = re.compile(r"(?=.{3,63}\Z)[a-z0-9](?:[a-z0-9]|-(?!-))*[a-z0-9]\Z")
SPACE = re.compile(r"\s+")

ID_LETTERS = string.ascii_uppercase + "234567"


def new_id(prefix: str) -> str:
    """A unique id as AWS makes them: ``AIDA`` (users), ``AGPA`` (groups), ``AROA`` (roles), ``ANPA`` (policies) or
    ``AKIA`` (access keys) and 17 characters of base32 (16 for keys)."""
    return prefix + "".join(secrets.choice(ID_LETTERS) for _ in range(16 if prefix == "AKIA" else 17))


def check_name(member: str, name: str, pattern: Pattern[str] = USER_NAME) -> str:
    """The name, if it can be one. IamError (ValidationError)."""
    if pattern.match(name):
        return name
    longest = 64 if pattern is USER_NAME else 128
    if len(name) > longest:
        raise malformed(member, name, f"Member must have length less than or equal to {longest}")
    raise malformed(member, name, f"Member must satisfy regular expression pattern: {NAME}+")


def check_path(path: str) -> str:
    """A path, which begins and ends with a slash."""
    if not PATH.match(path):
        raise malformed("path", path, r"Member must satisfy regular expression pattern: (/)|(/[!-]+/)")
    return path


def check_description(text: str) -> str:
    if not DESCRIPTION.match(text):
        raise malformed("description", text, "Member must have length less than or equal to 1000")
    return text


def check_session(seconds: int) -> int:
    """A role's longest session."""
    if not SHORTEST_SESSION <= seconds <= LONGEST_SESSION:
        raise malformed("maxSessionDuration", str(seconds), "Member must have value between 3600 and 43200")
    return seconds


def check_tags(pairs: Iterable[tuple[str, str]]) -> Tags:
    """Tags in their order; their keys do not differ in case alone."""
    tags = tuple(pairs)
    if len({key.lower() for key, _ in tags}) < len(tags):
        raise IamError("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    if len(tags) > TAGS:
        raise over_quota("TagsPerResource", TAGS)
    for key, value in tags:
        _check_tag(key, value)
    return tags


def _check_tag(key: str, value: str) -> None:
    if not 1 <= len(key) <= 128 or not _is_tag_text(key):
        raise malformed("tags.1.member.key", key, r"Member must satisfy regular expression pattern: TAG_KEY")
    if len(value) > 256 or not _is_tag_text(value):
        raise malformed("tags.1.member.value", value, r"Member must satisfy regular expression pattern: TAG_VALUE")
    if key.lower().startswith("aws:"):
        raise IamError("Tag keys that begin with aws: are reserved.")


def _is_tag_text(text: str) -> bool:
    return all(mark in "_.:/=+-@" or unicodedata.category(mark)[0] in "LZN" for mark in text)


def with_tags(tags: Tags, more: Tags) -> Tags:
    """Tags with others added, or put in place of those of the same key."""
    replaced = {key.lower() for key, _ in more}
    return check_tags([pair for pair in tags if pair[0].lower() not in replaced] + list(more))


def without_tags(tags: Tags, keys: Iterable[str]) -> Tags:
    gone = {key.lower() for key in keys}
    return tuple(pair for pair in tags if pair[0].lower() not in gone)


def weight(document: str) -> int:
    """How many characters of a policy count: all but white space."""
    return len(SPACE.sub("", document))


def too_heavy(most: int, noun: str, name: str) -> IamError:
    return IamError(f"Maximum policy size of {most} bytes exceeded for {noun} {name}", IamCode.LimitExceeded)
