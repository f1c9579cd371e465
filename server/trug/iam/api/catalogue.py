"""All actions of both query APIs in one table."""

from __future__ import annotations

from collections.abc import Iterable

from trug.iam.api import (
    absent,
    accounts,
    declined,
    details,
    groups,
    holders,
    keys,
    policies,
    providers,
    roles,
    security_tokens,
    simulation,
    tagging,
    users,
)
from trug.iam.api.actions import Action
from trug.iam.api.services import Service

FAMILIES = (
    users,
    groups,
    roles,
    keys,
    policies,
    holders,
    tagging,
    providers,
    accounts,
    details,
    security_tokens,
    simulation,
    absent,
    declined,
)


class ActionTable:
    """Actions by service and name; two of one name are refused."""

    def __init__(self, actions: Iterable[Action]) -> None:
        self.actions = tuple(actions)
        self._rows = {(action.service.name, action.name): action for action in self.actions}
        if len(self._rows) < len(self.actions):
            raise ValueError("an action is in the table twice")

    def find(self, service: Service, name: str) -> Action | None:
        return self._rows.get((service.name, name))


TABLE = ActionTable(row for module in FAMILIES for row in module.family.rows)
