"""access/vocabulary.py: every action that operations ask for is one that policies may speak of, and of one thing."""

from __future__ import annotations

import pytest

from trug.access import actions
from trug.access.resources import RESOURCES, Level
from trug.access.vocabulary import ACCOUNT_ACTIONS, BUCKET_ACTIONS, OBJECT_ACTIONS, is_known_key

ASKED = {value for name, value in vars(actions).items() if name.isupper() and isinstance(value, str)}


def test_each_action_is_done_to_one_thing() -> None:
    kinds = (OBJECT_ACTIONS, BUCKET_ACTIONS, ACCOUNT_ACTIONS)
    assert sum(map(len, kinds)) == len(frozenset[str]().union(*kinds))
    assert min(map(len, kinds)) > 40


def test_every_action_of_an_operation_is_known() -> None:
    assert len(ASKED) > 80
    of_s3 = {action for action in ASKED if action.startswith(("s3:", "s3express:"))}
    assert of_s3 <= OBJECT_ACTIONS | BUCKET_ACTIONS | ACCOUNT_ACTIONS


def test_both_tables_agree() -> None:
    levels = {Level.OBJECT: OBJECT_ACTIONS, Level.BUCKET: BUCKET_ACTIONS, Level.ACCOUNT: ACCOUNT_ACTIONS}
    for action, entry in RESOURCES.items():
        if action.startswith(("s3:", "s3express:")):
            assert action in levels[entry.level], action
            assert all(map(is_known_key, entry.keys)), action


@pytest.mark.parametrize(
    ("key", "is_known"),
    [
        ("aws:SourceIp", True),
        ("AWS:sourceip", True),
        ("aws:PrincipalTag/team", True),
        ("aws:NoSuchThing", False),
        ("s3:prefix", True),
        ("s3:ExistingObjectTag/a:b", True),
        ("s3:Prefixes", False),
        ("jwt:sub", True),
        ("accounts.example.com/realms/x:aud", True),
        ("prefix", False),
        (":x", False),
        ("", False),
    ],
)
def test_condition_keys(key: str, is_known: bool) -> None:
    assert is_known_key(key) is is_known
