"""What ``--init`` declares: a TOML document read into values, every mistake named with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from trug.domain.errors import S3Error
from trug.domain.frozen import frozen
from trug.domain.identity import DEFAULT_ACCOUNT
from trug.domain.names import check_bucket_name

HEADER = re.compile(r"\s*\[\[?\s*([A-Za-z_.]+)\s*\]\]?")


class InitError(Exception):
    """What is wrong with the declarations, one mistake a line."""


class KeyPair(NamedTuple):
    """A declared access key."""

    access_key: str
    secret_key: str


@frozen
class DeclaredUser:
    """A declared user of an account; ``line`` is where its table begins."""

    name: str
    policies: tuple[str, ...]
    keys: tuple[KeyPair, ...]
    line: int


@frozen
class DeclaredPolicy:
    """A declared managed policy of an account."""

    name: str
    document: str
    line: int


@frozen
class DeclaredAccount:
    """A declared account with its root's keys; ``canonical_id`` is empty where it is to be derived."""

    id: str
    canonical_id: str
    display_name: str
    email: str
    keys: tuple[KeyPair, ...]
    users: tuple[DeclaredUser, ...]
    policies: tuple[DeclaredPolicy, ...]
    line: int


@frozen
class DeclaredBucket:
    """A declared bucket."""

    name: str
    account: str
    versioning: bool
    object_lock: bool
    line: int


@frozen
class Declarations:
    """Everything a document declares."""

    accounts: tuple[DeclaredAccount, ...]
    buckets: tuple[DeclaredBucket, ...]
    kms_keys: tuple[str, ...]


KNOWN = {
    "": {"account", "bucket", "kms"},
    "account": {"id", "canonical_id", "display_name", "email", "keys", "user", "policy"},
    "account.user": {"name", "policies", "keys"},
    "account.policy": {"name", "document"},
    "bucket": {"name", "account", "versioning", "object_lock"},
    "kms": {"key"},
    "kms.key": {"id"},
    "keys": {"access_key", "secret_key"},
}


def parse_declarations(text: str) -> Declarations:
    """Read a document. InitError names every mistake with its line."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InitError(str(error)) from error
    return _Reader(text).read(tables)


class _Reader:
    """One reading of a document: its headers' lines and the mistakes met."""

    def __init__(self, text: str) -> None:
        self._lines = _header_lines(text)
        self._mistakes: list[str] = []

    def read(self, tables: Mapping[str, Any]) -> Declarations:
        self._check_names("", tables, 1)
        accounts = tuple(self._account(table) for table in self._tables(tables, "account"))
        buckets = tuple(self._bucket(table) for table in self._tables(tables, "bucket"))
        kms = tuple(self._kms_key(table) for table in self._tables(tables.get("kms", {}), "key"))
        if self._mistakes:
            raise InitError("\n".join(self._mistakes))
        return Declarations(accounts, buckets, kms)

    def _account(self, table: Mapping[str, Any]) -> DeclaredAccount:
        line = self._enter("account", table)
        return DeclaredAccount(
            id=self._text(table, "id", line, is_needed=True),
            canonical_id=self._text(table, "canonical_id", line),
            display_name=self._text(table, "display_name", line),
            email=self._text(table, "email", line),
            keys=self._keys(table, line),
            users=tuple(self._user(user) for user in self._tables(table, "user")),
            policies=tuple(self._policy(policy) for policy in self._tables(table, "policy")),
            line=line,
        )

    def _user(self, table: Mapping[str, Any]) -> DeclaredUser:
        line = self._enter("account.user", table)
        policies = table.get("policies", [])
        if not isinstance(policies, list) or not all(isinstance(name, str) for name in policies):
            self._mistake(line, "policies is a list of names")
            policies = []
        return DeclaredUser(
            self._text(table, "name", line, is_needed=True), tuple(policies), self._keys(table, line), line
        )

    def _policy(self, table: Mapping[str, Any]) -> DeclaredPolicy:
        line = self._enter("account.policy", table)
        name, document = (self._text(table, field, line, is_needed=True) for field in ("name", "document"))
        return DeclaredPolicy(name, document, line)

    def _bucket(self, table: Mapping[str, Any]) -> DeclaredBucket:
        line = self._enter("bucket", table)
        name = self._text(table, "name", line, is_needed=True)
        try:
            check_bucket_name(name)
        except S3Error:
            self._mistake(line, f"{name!r} cannot be a bucket's name")
        account = self._text(table, "account", line) or DEFAULT_ACCOUNT
        return DeclaredBucket(
            name, account, self._truth(table, "versioning", line), self._truth(table, "object_lock", line), line
        )

    def _kms_key(self, table: Mapping[str, Any]) -> str:
        return self._text(table, "id", self._enter("kms.key", table), is_needed=True)

    def _keys(self, table: Mapping[str, Any], line: int) -> tuple[KeyPair, ...]:
        pairs = table.get("keys", [])
        if not isinstance(pairs, list) or not all(isinstance(pair, dict) for pair in pairs):
            self._mistake(line, "keys is a list of { access_key, secret_key }")
            return ()
        for pair in pairs:
            self._check_names("keys", pair, line)
        return tuple(
            KeyPair(
                self._text(pair, "access_key", line, is_needed=True),
                self._text(pair, "secret_key", line, is_needed=True),
            )
            for pair in pairs
        )

    def _tables(self, table: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
        found = table.get(name, [])
        if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
            self._mistake(1, f"{name} is an array of tables: [[{name}]]")
            return
        yield from found

    def _enter(self, kind: str, table: Mapping[str, Any]) -> int:
        lines = self._lines.get(kind, [])
        line = lines.pop(0) if lines else 1
        self._check_names(kind, table, line)
        return line

    def _check_names(self, kind: str, table: Mapping[str, Any], line: int) -> None:
        for name in table:
            if name not in KNOWN[kind]:
                self._mistake(line, f"{name} is not known here")

    def _text(self, table: Mapping[str, Any], name: str, line: int, *, is_needed: bool = False) -> str:
        value: object = table.get(name, "")
        if not isinstance(value, str):
            self._mistake(line, f"{name} is text")
            return ""
        if is_needed and not value:
            self._mistake(line, f"{name} is missing")
        return value

    def _truth(self, table: Mapping[str, Any], name: str, line: int) -> bool:
        value = table.get(name, False)
        if not isinstance(value, bool):
            self._mistake(line, f"{name} is true or false")
        return value is True

    def _mistake(self, line: int, text: str) -> None:
        self._mistakes.append(f"line {line}: {text}")


def _header_lines(text: str) -> dict[str, list[int]]:
    """Where the tables of each name begin, in order."""
    lines: dict[str, list[int]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        found = HEADER.match(line)
        if found:
            lines.setdefault(found[1], []).append(number)
    return lines
