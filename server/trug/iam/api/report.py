"""The table of query actions → the page that lists them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trug.iam.api.actions import Action
from trug.iam.api.services import IAM, STS, Service

TITLES = {IAM: "IAM", STS: "STS"}
SAID = {"acts": "acts", "default": "answers that there is none", "declined": "declined"}
INTRODUCTION = """# Actions of IAM and STS

What the query APIs of IAM (2010-05-08) and STS (2011-06-15) answer on the port of S3. Written by `make docs` from the
table of actions; do not edit. Any AWS SDK's client talks to them with its `endpoint_url` set to that port.
"""


def page(actions: Iterable[Action]) -> str:
    """Markdown."""
    rows = tuple(actions)
    return "\n".join([INTRODUCTION, *(line for service in TITLES for line in section(service, rows))])


def section(service: Service, actions: Iterable[Action]) -> Iterator[str]:
    """One service's actions by name."""
    mine = sorted((action for action in actions if action.service is service), key=lambda action: action.name)
    counts = {kind: sum(action.kind == kind for action in mine) for kind in SAID}
    yield f"## {TITLES[service]}\n"
    yield f"{counts['acts']} act, {counts['default']} answer that there is none, {counts['declined']} are declined.\n"
    yield "| Action | | |"
    yield "| --- | --- | --- |"
    yield from (f"| `{action.name}` | {SAID[action.kind]} | {action.note} |" for action in mine)
    yield ""
