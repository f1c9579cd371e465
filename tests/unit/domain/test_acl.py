"""Lists of access: canned ones, what they permit, what is public, and how they are stored."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from trug.domain.acl import (
    ALL_USERS,
    AUTHENTICATED_USERS,
    BUCKET_LISTS,
    EXEC_READER,
    GROUPS,
    LOG_DELIVERY,
    OBJECT_LISTS,
    Acl,
    Grant,
    Grantee,
    Permission,
    canned,
    is_private,
    is_public,
    pack_acl,
    permits,
    private,
    unpack_acl,
    user,
)

OWNER, HOLDER, OTHER = "a" * 64, "b" * 64, "c" * 64
ALL, READ, WRITE, READ_ACP, WRITE_ACP = Permission
MINE = Grant(user(OWNER), ALL)


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("private", []),
        ("public-read", [Grant(ALL_USERS, READ)]),
        ("public-read-write", [Grant(ALL_USERS, READ), Grant(ALL_USERS, WRITE)]),
        ("authenticated-read", [Grant(AUTHENTICATED_USERS, READ)]),
        ("aws-exec-read", [Grant(user(EXEC_READER), READ)]),
        ("bucket-owner-read", [Grant(user(HOLDER), READ)]),
        ("bucket-owner-full-control", [Grant(user(HOLDER), ALL)]),
        ("log-delivery-write", [Grant(LOG_DELIVERY, WRITE), Grant(LOG_DELIVERY, READ_ACP)]),
    ],
)
def test_canned_lists(name: str, others: list[Grant]) -> None:
    assert canned(name, OWNER, HOLDER) == Acl(OWNER, (MINE, *others))


@pytest.mark.parametrize("name", ["private", "bucket-owner-read", "bucket-owner-full-control"])
def test_what_the_owner_of_both_needs_no_list_for(name: str) -> None:
    assert is_private(canned(name, OWNER, OWNER))


def test_which_canned_lists_there_are() -> None:
    assert set(BUCKET_LISTS) - set(OBJECT_LISTS) == {"log-delivery-write"}
    with pytest.raises(KeyError):
        canned("public", OWNER, OWNER)


PUBLIC_LISTS = {"public-read", "public-read-write", "authenticated-read"}


@pytest.mark.parametrize("name", BUCKET_LISTS)
def test_what_is_public(name: str) -> None:
    assert is_public(canned(name, OWNER, HOLDER)) == (name in PUBLIC_LISTS)


NOBODY = (None, False)


@pytest.mark.parametrize(
    ("name", "who", "allowed"),
    [
        ("private", (OWNER, True), {READ, WRITE, READ_ACP, WRITE_ACP}),
        ("private", (HOLDER, True), set()),
        ("private", NOBODY, set()),
        ("public-read", NOBODY, {READ}),
        ("public-read", (OTHER, True), {READ}),
        ("public-read-write", NOBODY, {READ, WRITE}),
        ("authenticated-read", NOBODY, set()),
        ("authenticated-read", (OTHER, True), {READ}),
        ("bucket-owner-read", (HOLDER, True), {READ}),
        ("bucket-owner-full-control", (HOLDER, True), {READ, WRITE, READ_ACP, WRITE_ACP}),
        ("bucket-owner-full-control", (OTHER, True), set()),
        ("log-delivery-write", (OTHER, True), set()),
        ("log-delivery-write", NOBODY, set()),
    ],
)
def test_what_canned_lists_permit(name: str, who: tuple[str | None, bool], allowed: set[Permission]) -> None:
    acl = canned(name, OWNER, HOLDER)
    found = {what for what in (READ, WRITE, READ_ACP, WRITE_ACP) if permits(acl, who[0], what, is_authenticated=who[1])}
    assert found == allowed


def test_an_owner_without_grants_keeps_the_list_itself() -> None:
    acl = Acl(OWNER, ())
    found = {what for what in Permission if permits(acl, OWNER, what, is_authenticated=True)}
    assert found == {READ_ACP, WRITE_ACP}
    assert not is_private(acl)


GRANTEES = some.sampled_from([*GROUPS.values(), *map(user, (OWNER, HOLDER, OTHER, "ünï =*+!"))])
GRANTS = some.lists(some.builds(Grant, GRANTEES, some.sampled_from(Permission)), max_size=20)


@given(GRANTS)
def test_a_list_comes_back(grants: list[Grant]) -> None:
    acl = Acl(OWNER, tuple(grants))
    assert unpack_acl(pack_acl(acl)) == acl


def test_lists_on_disk_never_change() -> None:
    grants = [Grant(grantee, what) for grantee in (user("o"), user("x"), *GROUPS.values()) for what in Permission]
    packed = pack_acl(Acl("o", tuple(grants)))
    per_grantee = ["{}" + mark for mark in ("", "=x", "*", "+", "!")]
    assert packed.split("\0") == ["o", *(mark.format(letter) for mark in per_grantee for letter in "FRWrw")]


def test_private_is_the_owners() -> None:
    assert private(OWNER) == Acl(OWNER, (MINE,))
    assert Grantee(*user(OWNER)) == user(OWNER)
