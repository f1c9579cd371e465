"""Users' profiles, asked over a socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.support.console import Console, consoling
from tests.support.server import LIMITED, ROOT, STRANGER, USER

PROFILE = {"name": "Ana Lima", "email": "ana@example.com", "ratings": 4.5, "userType": "renter"}


@pytest.fixture
def console() -> Iterator[Console]:
    with consoling() as running:
        yield running


@pytest.fixture
def client(console: Console) -> Iterator[httpx.Client]:
    with console.http(LIMITED) as client:
        yield client


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
def test_a_profile_is_kept_changed_and_removed(client: httpx.Client, prefix: str) -> None:
    path = f"{prefix}/user"
    assert client.get(path).status_code == 404
    answer = client.post(path, json=PROFILE)
    assert answer.status_code == 201
    user = answer.json()
    assert {name: user[name] for name in PROFILE} == PROFILE
    assert user["subject"] == "arn:aws:iam::111111111111:user/bob"
    assert client.get(path).json() == user

    again = client.post(path, json=PROFILE | {"ratings": 5})
    assert again.status_code == 200
    assert (again.json()["ratings"], again.json()["created_at"]) == (5, user["created_at"])

    changed = client.patch(path, json={"userType": "rentee"})
    assert (changed.status_code, changed.json()["userType"], changed.json()["name"]) == (200, "rentee", "Ana Lima")
    assert client.delete(path).status_code == 204
    assert client.delete(path).status_code == 404
    assert client.patch(path, json={"name": "x"}).status_code == 404


def test_all_mistakes_are_told_at_once(client: httpx.Client) -> None:
    answer = client.post("/user", json={"name": "", "ratings": "5", "userType": "king"})
    assert answer.status_code == 400
    told = {mistake["field"]: mistake["error"] for mistake in answer.json()["mistakes"]}
    assert set(told) == {"name", "email", "ratings", "userType"}
    assert told["email"] == "is missing"
    assert told["userType"] == "expected one of renter, rentee"
    assert client.get("/user").status_code == 404


@pytest.mark.parametrize("field", list(PROFILE))
@pytest.mark.parametrize("value", [None, [], {}, True, "x" * 5000, "a\0b", "\u202e\n", 10**400])
def test_bad_fields_leave_nothing(client: httpx.Client, field: str, value: Any) -> None:
    answer = client.post("/user", json=PROFILE | {field: value})
    if answer.status_code != 400:
        assert (field, answer.status_code) == ("name", 201), answer.text
    else:
        assert client.get("/user").status_code == 404


@pytest.mark.parametrize("field", list(PROFILE))
def test_every_field_is_needed(client: httpx.Client, field: str) -> None:
    without = {name: value for name, value in PROFILE.items() if name != field}
    answer = client.post("/user", json=without)
    assert answer.status_code == 400
    assert answer.json()["mistakes"] == [{"field": field, "error": "is missing"}]


@pytest.mark.parametrize("ratings", [0, -1, 4.75, 10])
def test_ratings_are_numbers(client: httpx.Client, ratings: float) -> None:
    assert client.post("/user", json=PROFILE | {"ratings": ratings}).json()["ratings"] == ratings


def test_who_is_nobody_has_no_profile(console: Console) -> None:
    with console.http(None) as nobody:
        for method in ("GET", "POST", "PATCH", "DELETE"):
            assert nobody.request(method, "/user", json=PROFILE).status_code == 401


def test_administrators_list_users_of_their_account(console: Console) -> None:
    for keys, name in ((ROOT, "Root"), (USER, "Ana"), (LIMITED, "Bob"), (STRANGER, "Other")):
        with console.http(keys) as client:
            assert client.post("/user", json=PROFILE | {"name": name}).status_code == 201
    with console.http(LIMITED) as bob:
        assert bob.get("/users").status_code == 403
    with console.http(USER) as ana:
        first = ana.get("/api/v1/users", params={"limit": 2}).json()
        rest = ana.get("/users", params={"limit": 2, "token": first["next_token"]}).json()
        assert "next_token" not in rest
        assert {user["name"] for user in first["users"] + rest["users"]} == {"Root", "Ana", "Bob"}
        found = ana.get("/users", params={"filter": "name like 'B%' and ratings > 4 and matches 'bob'"}).json()
        assert [user["name"] for user in found["users"]] == ["Bob"]
        assert ana.get("/users", params={"token": "x"}).status_code == 400


def test_changes_are_announced(console: Console) -> None:
    with console.http(LIMITED) as client:
        client.post("/user", json=PROFILE)
        client.patch("/user", json={"ratings": 1})
        client.delete("/user")
    feed = console.house.surroundings.metadata._state.feed  # type: ignore[union-attr, attr-defined]
    assert [row.kind for row in feed.since()] == ["ProfileCreated", "ProfileChanged", "ProfileRemoved"]
