"""Users, groups, roles, policies, keys and accounts by command."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.support.managed import managed_in_memory

from trug.cli.arguments import build_parser
from trug.iam.refusals import IamError
from trug.manage.commands import COMMANDS

GET = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}'
PUT = GET.replace("Get", "Put")
TRUST = '{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "000000000000"}}]}'
READONLY = "arn:aws:iam::aws:policy/readonly"
MINE = "arn:aws:iam::000000000000:policy/mine"

Do = Callable[..., Awaitable[Any]]


def on_a_store(scene: Callable[[Do], Awaitable[None]]) -> Callable[[], None]:
    store = managed_in_memory()

    async def do(command: str, **given: str) -> Any:
        answer = await COMMANDS[command](store, given)
        return next(iter(answer.values()), None)

    def test() -> None:
        asyncio.run(scene(do))  # type: ignore[arg-type]

    return test


@on_a_store
async def test_users_and_groups(do: Do) -> None:
    await do("policy/add", name="mine", document=GET)
    await do("user/add", name="ann", policy="readonly, mine", path="/x/")
    await do("group/add", name="devs")
    await do("group/attach", name="devs", policy="writeonly")
    await do("group/join", name="devs", user="ann")
    await do("key/add", user="ann", access_key="AKIAANN", secret_key="secret")
    shown = await do("user/show", name="ANN")
    assert (shown["path"], shown["policies"], shown["groups"], shown["keys"]) == (
        "/x/",
        [MINE, READONLY],
        ["devs"],
        ["AKIAANN"],
    )
    assert (await do("group/show", name="devs"))["members"] == ["ann"]
    await do("user/detach", name="ann", policy="mine")
    assert (await do("user/show", name="ann"))["policies"] == [READONLY]
    await do("group/leave", name="devs", user="ann")
    await do("group/remove", name="devs")
    await do("user/remove", name="ann")
    assert (await do("user/list"), await do("group/list"), await do("key/list", user="ann")) == ([], [], [])


@on_a_store
async def test_policies(do: Do) -> None:
    assert (await do("policy/add", name="mine", document=GET))["version"] == "v1"
    await do("user/add", name="ann", policy="mine")
    for _ in range(6):
        await do("policy/set", name="mine", document=PUT)
    policy = await do("policy/show", name="mine")
    assert (policy["version"], policy["attachments"], policy["document"]) == ("v7", 1, PUT)
    assert {row["name"] for row in await do("policy/list")} >= {"mine", "readwrite", "consoleAdmin"}
    await do("policy/remove", name=MINE)
    assert (await do("user/show", name="ann"))["policies"] == []


@on_a_store
async def test_roles(do: Do) -> None:
    await do("role/add", name="reader", trust=TRUST, longest="7200", description="reads")
    await do("role/attach", name="reader", policy="readonly")
    role = await do("role/show", name="reader")
    assert (role["longest"], role["trust"], role["policies"], role["last_used"]) == (7200, TRUST, [READONLY], "")
    await do("role/detach", name="reader", policy="readonly")
    await do("role/remove", name="reader")
    assert await do("role/list") == []


@on_a_store
async def test_keys(do: Do) -> None:
    await do("user/add", name="ann")
    for _ in range(3):
        await do("key/add", user="ann")
    keys = await do("key/list", user="ann")
    assert len(keys) == 3, "the limit of two is the API's"
    first = keys[0]["access_key"]
    assert (await do("key/deactivate", access_key=first))["active"] is False
    assert [key["active"] for key in await do("key/list", user="ann")] == [False, True, True]
    assert (await do("key/activate", access_key=first))["active"] is True
    assert "secret_key" not in keys[0]


@on_a_store
async def test_accounts(do: Do) -> None:
    await do("account/add", id="111122223333", display_name="research")
    await do("user/add", name="ann", account="111122223333")
    await do("account/name", id="111122223333", alias="the-lab")
    account = await do("account/show", id="111122223333")
    assert (account["display_name"], account["alias"], account["users"]) == ("research", "the-lab", 1)
    assert await do("user/list") == []


REFUSED = {
    "user/show": ({"name": "nobody"}, "The user with name nobody cannot be found."),
    "user/add": ({"name": "ann", "policy": "unheard-of"}, "Policy unheard-of was not found."),
    "group/add": ({"name": "a b"}, "groupName"),
    "policy/add": ({"name": "p", "document": "{}"}, "Statement"),
    "policy/remove": ({"name": "readwrite"}, "built in"),
    "role/add": ({"name": "r", "trust": GET}, ""),
    "key/deactivate": ({"access_key": "AKIANONE"}, "no access key"),
    "account/show": ({"id": "5"}, "no account"),
    "account/add": ({"id": "a b"}, "cannot be an account's id"),
}


@pytest.mark.parametrize("command", REFUSED)
def test_what_cannot_be(command: str) -> None:
    given, text = REFUSED[command]

    async def scene(do: Do) -> None:
        with pytest.raises(IamError, match=text or None):
            await do(command, **given)

    on_a_store(scene)()


@pytest.mark.parametrize(
    ("line", "command", "given"),
    [
        ("user add ann --policy a,b --path /x/", "user/add", {"name": "ann", "policy": "a,b", "path": "/x/"}),
        (
            "user attach ann readwrite --account 1",
            "user/attach",
            {"name": "ann", "policy": "readwrite", "account": "1"},
        ),
        ("group join devs ann", "group/join", {"name": "devs", "user": "ann"}),
        ("role add r t.json --longest 7200", "role/add", {"name": "r", "trust": "t.json", "longest": "7200"}),
        ("policy set p d.json", "policy/set", {"name": "p", "document": "d.json"}),
        ("key deactivate AKIA", "key/deactivate", {"access_key": "AKIA"}),
        ("account name 1 lab", "account/name", {"id": "1", "alias": "lab"}),
    ],
)
def test_how_commands_are_spelled(line: str, command: str, given: dict[str, str]) -> None:
    options = build_parser().parse_args(line.split())
    assert options.command == command
    assert {name: value for name in options.given if (value := getattr(options, name)) is not None} == given


def test_every_command_is_spelled() -> None:
    """Each command on people has its line, with --json."""
    for command in COMMANDS:
        group, _, name = command.partition("/")
        if group in {"user", "group", "role", "policy", "key", "account"}:
            with pytest.raises(SystemExit) as asked:
                build_parser().parse_args([group, name, "--help"])
            assert asked.value.code == 0
