"""Documents for tests."""

from __future__ import annotations

import json
from typing import Any


def allowing(*actions: str, resource: str = "*", **more: Any) -> str:
    """A policy that allows actions."""
    return document({"Effect": "Allow", "Action": list(actions), "Resource": resource, **more})


def denying(*actions: str, resource: str = "*", **more: Any) -> str:
    """A policy that denies actions."""
    return document({"Effect": "Deny", "Action": list(actions), "Resource": resource, **more})


def trusting(principal: str) -> str:
    """A trust policy for an AWS principal."""
    return document({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"})


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
