"""What actions are allowed on, against the actions there are and the operations that need them."""

from __future__ import annotations

from typing import get_args

import pytest

from trug.access import actions, settled
from trug.access.resources import COMMON, RESOURCES, Level
from trug.operations import context
from trug.operations.catalogue import TABLE
from trug.operations.routes import Level as Place
from trug.operations.routes import Route

ACTIONS = {
    value for name, value in vars(actions).items() if name.isupper() and isinstance(value, str) and not get_args(value)
}
ON_MORE = {"ListBuckets": Level.ACCOUNT, "CreateBucket": Level.BUCKET, "PostObject": Level.OBJECT}
"""Operations whose action is on something else than what their path names."""


def test_each_action_has_its_entry() -> None:
    assert RESOURCES.keys() == ACTIONS


@pytest.mark.parametrize("row", TABLE.operations, ids=lambda row: row.name)
def test_each_operation_asks_for_an_action_on_what_its_path_names(row: object) -> None:
    operation = row
    for action in filter(None, (operation.action, operation.versioned_action)):  # type: ignore[attr-defined]
        level = RESOURCES[action].level
        place = Route.parse(operation.route).level  # type: ignore[attr-defined]
        of_place = {Place.SERVICE: Level.ACCOUNT, Place.BUCKET: Level.BUCKET, Place.OBJECT: Level.OBJECT}[place]
        expected = ON_MORE.get(operation.name, of_place)  # type: ignore[attr-defined]
        assert level is expected or operation.asks_itself  # type: ignore[attr-defined]


def test_versions_are_asked_for_by_actions_of_versions() -> None:
    for row in TABLE.operations:
        if row.versioned_action is not None:
            assert "s3:versionid" in RESOURCES[row.versioned_action].keys


def test_every_condition_key_has_a_value() -> None:
    """No key of the table is one that no request could ever have."""
    named = {key for entry in RESOURCES.values() for key in entry.keys} - {"s3:inventoryaccessibleoptionalfields"}
    answered = {
        *context.ONE_OF_A_KIND,
        *settled.SETTLED,
        *context.SEVERAL,
        *context.FROM_HEADERS,
        *(f"{name}/" for name in context.BY_NAME),
        "s3:existingobjecttag/",
        "s3:locationconstraint",
    }
    assert named <= answered
    assert {key for key in answered if key.startswith("s3:")} <= named


def test_keys_are_lower_case_and_common_ones_are_everywhere() -> None:
    for entry in RESOURCES.values():
        assert entry.keys >= COMMON
        assert all(key == key.lower() for key in entry.keys)
