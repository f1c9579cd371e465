"""The table of query actions against AWS's service model: every action acts or is declined, and says who may."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from botocore.loaders import Loader
from botocore.model import ListShape, ServiceModel
from tests.support.iam import IamServer
from tests.support.models import minimal, sample

from trug.iam.api.catalogue import TABLE, ActionTable
from trug.iam.api.services import IAM

MODEL = ServiceModel(Loader().load_service_model("iam", "service-2"))
ACTIONS = {action.name: action for action in TABLE.actions if action.service is IAM}
ACTING = sorted(name for name, action in ACTIONS.items() if action.kind != "declined")
DECLINED = sorted(set(ACTIONS) - set(ACTING))
LONG = "x" * 140_000


def parameters_of(name: str) -> dict[str, str]:
    return {"Action": name, "Version": IAM.version, **minimal(MODEL.operation_model(name).input_shape)}


def test_every_action_of_the_model_acts_or_is_declined() -> None:
    assert set(ACTIONS) == set(MODEL.operation_names)


def test_every_acting_action_is_authorised() -> None:
    assert [name for name in ACTING if ACTIONS[name].find is None or ACTIONS[name].is_open] == []


def test_an_action_is_in_the_table_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        ActionTable([*TABLE.actions, TABLE.actions[0]])


@pytest.fixture(scope="module")
def keys(server: IamServer) -> tuple[str, str]:
    """Of a user who may nothing."""
    return server.user_keys("nobody-in-particular")


@pytest.mark.parametrize("name", ACTING)
def test_who_may(server: IamServer, keys: tuple[str, str], name: str) -> None:
    parameters = parameters_of(name)
    refused = server.query(parameters, keys=keys)
    assert (refused.status, refused.code) == (403, "AccessDenied"), refused.body
    assert f"is not authorized to perform: iam:{name} on resource: " in refused.message
    unsigned = server.query(parameters, keys=None)
    assert (unsigned.status, unsigned.code) == (403, "MissingAuthenticationToken")


@pytest.mark.parametrize("name", DECLINED)
def test_declined(server: IamServer, name: str) -> None:
    answer = server.query(parameters_of(name))
    assert (answer.status, answer.code) == (501, "NotImplemented")
    assert answer.message.startswith(f"{name} is not implemented: ")


@pytest.mark.parametrize("name", ACTING)
def test_hostile_input(server: IamServer, name: str) -> None:
    """Whatever one parameter says, the answer is clear: the client's fault, or nothing."""
    shape = MODEL.operation_model(name).input_shape
    good = parameters_of(name)
    for member, member_shape in (shape.members if shape is not None else {}).items():
        rest = {key: value for key, value in good.items() if key.split(".")[0] != member}
        inside = f"{member}.member.1" if isinstance(member_shape, ListShape) else member
        spelled = next(iter(sample(inside, member_shape.member if inside != member else member_shape)), inside)
        for value in ("", LONG, "\U0001f600", "\x7f", "<&>", "-1", "../..", "v99", "arn:aws:iam::x:y", "{}"):
            check(server.query(rest | {spelled: value}), name, member, value[:9])
        check(server.query(rest), name, member, "absent")
        check(server.query(rest | {f"{member}.0": "x"}), name, member, "member 0")
        check(server.query(rest | {f"{member}.member.x.Key": "x"}), name, member, "member x")
        check(server.query(rest | {f"{member}.member.1.Key.member.1.Key": "x"}), name, member, "deep")
        if inside != member:
            check(server.query(rest | {f"{member}.member.{n}": "x" for n in range(1, 10_001)}), name, member, "10^4")
        for suffix in ("=%ff", "=%", "=%00", f"={'%F0%9F' * 9}", "=a&" + spelled + "=b"):
            answer = server.query(f"{urlencode(rest)}&{spelled}{suffix}")
            assert answer.code == "InvalidQueryParameter", (name, member, suffix)


def check(answer: object, *what: str) -> None:
    status, code = answer.status, answer.code if answer.status != 200 else ""  # type: ignore[attr-defined]
    assert status == 200 or (400 <= status < 500 and code not in ("", "AccessDenied")), (*what, status, code)
