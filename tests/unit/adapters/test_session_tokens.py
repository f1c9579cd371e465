"""Session tokens: what is sealed comes back, and nothing else."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.clock import HandClock

from trug.adapters.session_tokens import PERIOD, SealedTokens
from trug.domain.identity import Session
from trug.ports.keys import Ticket

MASTER = bytes(range(32))
CLOCK = HandClock()
STATEMENT = '{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}'
POLICY = f'{{"Version":"2012-10-17","Statement":[{STATEMENT}]}}'
SESSION = Session(
    1_000_000,
    3_601_000_000,
    name="build-42",
    policies=(POLICY,),
    policy_arns=("arn:aws:iam::aws:policy/readonly",),
    grants=("readwrite",),
    tags=(("team", "red"), ("cost", "4711")),
    claims=(("jwt:sub", ("ana",)), ("jwt:groups", ("a", "b"))),
    provider="arn:aws:iam::000000000000:oidc-provider/issuer.example",
    source_identity="ana",
    transitive=("team",),
)
TICKET = Ticket(
    "ASIA" + "A" * 16, "secret" * 7, "000000000000", SESSION, role="builder", path="/ci/", id="AROAX", parent="AKIA"
)


def tokens(master: bytes = MASTER, clock: HandClock = CLOCK) -> SealedTokens:
    return SealedTokens(master, clock)


def test_there_and_back() -> None:
    assert tokens().open(tokens().seal(TICKET)) == TICKET


@given(st.text(max_size=64), st.lists(st.tuples(st.text(max_size=8), st.text(max_size=64)).map(tuple), max_size=5))
def test_any_text_comes_back(text: str, tags: list[tuple[str, str]]) -> None:
    ticket = Ticket("ASIA", text, text, Session(0, 1, name=text, tags=tuple(tags)), user=text)
    assert tokens().open(tokens().seal(ticket)) == ticket


def test_ordinary_tokens_are_short() -> None:
    assert len(tokens().seal(TICKET)) < 600
    assert len(tokens().seal(Ticket("ASIA" + "A" * 16, secrets.token_urlsafe(30), "000000000000", Session(0, 1)))) < 200


def test_they_stand_in_urls_and_headers_as_they_are() -> None:
    assert set(tokens().seal(TICKET)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_nothing_of_it_can_be_read() -> None:
    assert TICKET.secret not in tokens().seal(TICKET)
    assert tokens().seal(TICKET) != tokens().seal(TICKET)
    assert "ASIA" not in repr(tokens()) and MASTER.hex() not in repr(tokens())


def test_one_character_changed() -> None:
    token = tokens().seal(TICKET)
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "Q"
        changed = token[:place] + other + token[place + 1 :]
        assert tokens().open(changed) is None or place == len(token) - 1  # the last one has bits to spare


@pytest.mark.parametrize(
    "text", ["", "A", "AAAA", "A" * 100, "=" * 40, "é" * 40, "A" * 100_000, " ", "\x00" * 30, "AQ" * 40, "+/" * 30]
)
def test_what_is_no_token(text: str) -> None:
    assert tokens().open(text) is None


def test_each_cut() -> None:
    token = tokens().seal(TICKET)
    assert all(tokens().open(token[:length]) is None for length in range(len(token)))
    assert tokens().open(token + "AAAA") is None


def test_another_master_key() -> None:
    assert tokens(bytes(32)).open(tokens().seal(TICKET)) is None


def test_keys_change_with_the_time_and_old_tokens_open() -> None:
    clock = HandClock()
    sealer = tokens(clock=clock)
    early = sealer.seal(TICKET)
    clock.time += 2 * PERIOD
    late = sealer.seal(TICKET)
    assert early[:7] != late[:7]
    assert sealer.open(early) == sealer.open(late) == TICKET


def test_weight_is_of_policies_and_tags() -> None:
    assert tokens().weight(Session(0, 1)) < 10
    noise = secrets.token_hex(1000)
    assert 1000 < tokens().weight(Session(0, 1, policies=(noise,))) < 1300
    assert tokens().weight(Session(0, 1, claims=(("jwt:sub", (noise,)),))) < 10
