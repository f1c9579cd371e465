"""Identities: users, groups, roles, policies and providers as entities with links between them.

Users become entities, with an id that follows from what they are. A policy that ``--init`` declared becomes a managed
one, and users are given those that they named. A policy that is no JSON is forgotten: ``--init`` tells its line.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from trug.adapters.sql.formats import DOCUMENT, decode, encode, is_sealed, seal, sealed
from trug.ports.stores import Damaged

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")

USERS = sa.table("users", *map(sa.column, ("account", "name", "created", "policies", "checksum")))
ENTITIES = sa.table("entities", *map(sa.column, ("account", "kind", "place", "document", "checksum")))
LINKS = sa.table("links", *map(sa.column, ("account", "kind", "left", "right", "checksum")))
KEYS = sa.table(
    "access_keys", *map(sa.column, ("access_key", "account", "user", "secret", "created", "active", "checksum"))
)
DECLARED = sa.table("declared", *map(sa.column, ("kind", "name", "document", "checksum")))
DOCUMENTS = sa.table("documents", sa.column("kind"))

BUILT_IN = (
    "readonly", "writeonly", "readwrite", "diagnostics", "consoleAdmin", "AdministratorAccess", "AmazonS3FullAccess",
    "AmazonS3ReadOnlyAccess", "IAMFullAccess", "IAMReadOnlyAccess",
)  # fmt: skip
KEPT_BESIDE = ("key-used", "role-used", "sessions-revoked", "account-public-access-block")

log = logging.getLogger("trug.migrations")


def upgrade() -> None:
    op.create_table(
        "entities",
        sa.Column("account", NAME, autoincrement=False, nullable=False),
        sa.Column("kind", NAME, autoincrement=False, nullable=False),
        sa.Column("place", NAME, autoincrement=False, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("checksum", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("account", "kind", "place", name=op.f("pk_entities")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "links",
        sa.Column("account", NAME, autoincrement=False, nullable=False),
        sa.Column("kind", NAME, autoincrement=False, nullable=False),
        sa.Column("left", NAME, autoincrement=False, nullable=False),
        sa.Column("right", NAME, autoincrement=False, nullable=False),
        sa.Column("checksum", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("account", "kind", "left", "right", name=op.f("pk_links")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_links_account_kind_right_left"), "links", ["account", "kind", "right", "left"], unique=False
    )
    op.create_index(op.f("ix_accounts_canonical_id"), "accounts", ["canonical_id"], unique=False)
    op.create_index(op.f("ix_accounts_email"), "accounts", ["email"], unique=False)
    policies = dict(make_policies(op.get_bind()))
    move_users(op.get_bind(), policies)
    op.drop_table("users")


def downgrade() -> None:
    op.create_table(
        "users",
        sa.Column("account", NAME, autoincrement=False, nullable=False),
        sa.Column("name", NAME, autoincrement=False, nullable=False),
        sa.Column("created", NUMBER, nullable=False),
        sa.Column("policies", sa.LargeBinary(), nullable=False),
        sa.Column("checksum", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("account", "name", name=op.f("pk_users")),
        sqlite_with_rowid=False,
    )
    move_users_back(op.get_bind())
    op.execute(DOCUMENTS.delete().where(DOCUMENTS.c.kind.in_(KEPT_BESIDE)))
    op.drop_index(op.f("ix_accounts_email"), "accounts")
    op.drop_index(op.f("ix_accounts_canonical_id"), "accounts")
    op.drop_table("links")
    op.drop_table("entities")


def put(connection: sa.Connection, table: sa.TableClause, *columns: Any) -> None:
    connection.execute(table.insert().values(sealed(*columns)))


def whole(table: str, rows: Any) -> Iterator[Any]:
    """The rows without their checksums. Damaged for one that does not match it: what it said is not known."""
    for row in rows:
        if not is_sealed(row):
            raise Damaged(f"the row {tuple(row[:2])!r} of {table} does not match its checksum")
        yield row[:-1]


def new_id(prefix: str, *parts: object) -> str:
    """As AWS makes them; the same each time for the same thing."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return prefix + base64.b32encode(digest).decode()[:17]


def make_policies(connection: sa.Connection) -> Iterator[tuple[tuple[str, str], str]]:
    """Managed policies of those that were declared; the ARN of each by account and name."""
    rows = connection.execute(sa.select(DECLARED).where(DECLARED.c.kind == "policy")).fetchall()
    for _, full_name, document in whole("declared", rows):
        account, _, name = full_name.partition("/")
        text = document.decode()
        if not is_policy(text):
            log.warning("the declared policy %s is no policy: the next start with --init says why", full_name)
            place = (DECLARED.c.kind == "policy") & (DECLARED.c.name == full_name)
            connection.execute(DECLARED.delete().where(place))
            continue
        policy = (account, name, new_id("ANPA", account, name), "/", 0, 0, "", 1, 1, ())
        version = (account, name, 1, text, 0)
        put(connection, ENTITIES, account, "policy", name.lower(), DOCUMENT + encode(policy))
        place = f"{name.lower()}/{1:09}"
        put(connection, ENTITIES, account, "policy-version", place, DOCUMENT + encode(version))
        yield (account, name), f"arn:aws:iam::{account}:policy/{name}"


def is_policy(text: str) -> bool:
    try:
        found = json.loads(text)
    except ValueError:
        return False
    return isinstance(found, dict) and "Statement" in found


def move_users(connection: sa.Connection, policies: dict[tuple[str, str], str]) -> None:
    taken: set[tuple[str, str]] = set()
    rows = connection.execute(sa.select(USERS).order_by(USERS.c.account, USERS.c.name)).fetchall()
    for account, old_name, created, packed in whole("users", rows):
        name = free_name(taken, account, old_name)
        taken.add((account, name.lower()))
        user = (account, name, new_id("AIDA", account, name, created), "/", created, (), "")
        put(connection, ENTITIES, account, "user", name.lower(), DOCUMENT + encode(user))
        if name != old_name:
            log.warning("user %s of account %s is %s now: another name differs only in case", old_name, account, name)
            rename_keys(connection, account, old_name, name)
        wanted = {arn for policy in decode(packed[1:]) if (arn := arn_of(policies, account, policy)) is not None}
        for arn in sorted(wanted):
            put(connection, LINKS, account, "attached", f"user/{name.lower()}", arn)


def free_name(taken: set[tuple[str, str]], account: str, name: str) -> str:
    """The name, or one with a number behind it where somebody has it in other letters."""
    tried, number = name, 1
    while (account, tried.lower()) in taken:
        number += 1
        tried = f"{name}-{number}"
    return tried


def arn_of(policies: dict[tuple[str, str], str], account: str, name: str) -> str | None:
    built_in = {known.lower(): known for known in BUILT_IN}.get(name.lower())
    return policies.get((account, name)) or (built_in and f"arn:aws:iam::aws:policy/{built_in}")


def rename_keys(connection: sa.Connection, account: str, old: str, new: str) -> None:
    owned = (KEYS.c.account == account) & (KEYS.c.user == old)
    for access_key, _, _, *rest in whole("access_keys", connection.execute(sa.select(KEYS).where(owned)).fetchall()):
        changed = (access_key, account, new, *rest)
        statement = KEYS.update().where(KEYS.c.access_key == access_key)
        connection.execute(statement.values(user=new, checksum=seal(changed)))


def move_users_back(connection: sa.Connection) -> None:
    users = connection.execute(sa.select(ENTITIES).where(ENTITIES.c.kind == "user")).fetchall()
    for account, _, place, document in whole("entities", users):
        _, name, _, _, created, *_ = decode(document[1:])
        holds = (LINKS.c.account == account) & (LINKS.c.kind == "attached") & (LINKS.c.left == f"user/{place}")
        links = connection.execute(sa.select(LINKS).where(holds)).fetchall()
        policies = tuple(sorted(row[3].rpartition("/")[2] for row in whole("links", links)))
        put(connection, USERS, account, name, created, DOCUMENT + encode(policies))
