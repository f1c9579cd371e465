"""Session tokens: sealed with AES-256-GCM under keys of their own, which the master key alone gives."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from trug.domain.identity import Session
from trug.ports.keys import Clock, Ticket

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

LONGEST = 16_384
"""Characters; no token of ours is nearly as long."""
PERIOD = 30 * 86_400 * 1_000_000
"""For how long (µs) a key seals; it opens what it sealed as long as that lasts."""
_FORMAT = 1
_NONCE_SIZE = 12
_HEAD_SIZE = 5
_LABEL = b"trug session token "

# What policies and claims are made of: the last words are found cheapest.
_WORDS = (
    b"cognito:groupsserviceaccountkubernetes.io/realm_access/rolesjwt:azpjwt:audjwt:emailjwt:preferred_usernamejwt:iss"
    b'jwt:subhttps://"aws:SourceIp""StringLike":{"StringEquals":{"s3:prefix""Condition":{"Principal":"s3:ListBucket"'
    b'"s3:DeleteObject""s3:PutObject""s3:GetObject""NotAction":"Sid":""Effect":"Deny""Resource":["arn:aws:s3:::*"]'
    b'"Resource":"arn:aws:s3:::/*"}]}arn:aws:iam::aws:policy/{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
    b'"Action":["s3:*"],'
)


class _Packed(msgspec.Struct, array_like=True, frozen=True):
    """A ticket as it is packed. New fields go to the end, with defaults."""

    access_key: str
    secret: str
    account: str
    user: str
    role: str
    path: str
    id: str
    parent: str
    issued: int
    lasts: int
    name: str
    provider: str
    source_identity: str
    policies: tuple[str, ...]
    policy_arns: tuple[str, ...]
    grants: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]
    transitive: tuple[str, ...]
    claims: tuple[tuple[str, tuple[str, ...]], ...]


_decoder = msgspec.msgpack.Decoder(_Packed)


class SealedTokens:
    """Implements ``ports.keys.SessionTokens``; ``master`` is the master key of 32 bytes.

    A token is, in URL-safe base64: a byte of format, the first two bytes of the master key's fingerprint and the number
    of the period as two bytes, all authenticated; a random nonce of 96 bits; AES-256-GCM's ciphertext and tag. Each
    period of 30 days has a key of its own (HKDF-SHA256), so that none seals more than its nonces are good for.
    """

    def __init__(self, master: bytes, clock: Clock) -> None:
        self._master = master
        self._clock = clock
        self._cipher_of = lru_cache(maxsize=8)(self._derived)
        self._fingerprint = hashlib.sha256(b"trug session token key\0" + master).digest()[:2]

    def __repr__(self) -> str:
        return "SealedTokens(***)"

    def seal(self, ticket: Ticket) -> str:
        """The token, in characters that URLs and headers take as they are."""
        head = bytes((_FORMAT,)) + self._fingerprint + (self._clock.now() // PERIOD).to_bytes(2, "big")
        nonce = secrets.token_bytes(_NONCE_SIZE)
        content = _deflated(msgspec.msgpack.encode(_packed(ticket)))
        sealed = head + nonce + self._cipher_of(head).encrypt(nonce, content, head)
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, token: str) -> Ticket | None:
        """What was sealed; None for anything else."""
        sealed = _decoded(token)
        head, nonce = sealed[:_HEAD_SIZE], sealed[_HEAD_SIZE : _HEAD_SIZE + _NONCE_SIZE]
        if len(nonce) < _NONCE_SIZE or head[0] != _FORMAT or head[1:3] != self._fingerprint:
            return None
        from cryptography.exceptions import InvalidTag

        try:
            content = self._cipher_of(head).decrypt(nonce, sealed[_HEAD_SIZE + _NONCE_SIZE :], head)
        except InvalidTag:
            return None
        return _ticket(_decoder.decode(_inflated(content)))

    def weight(self, session: Session) -> int:
        """How many bytes a session's policies and tags take in a token, compressed."""
        return len(_deflated(msgspec.msgpack.encode((session.policies, session.policy_arns, session.tags))))

    def _derived(self, head: bytes) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # loaded when the first session comes
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        return AESGCM(HKDF(SHA256(), 32, salt=None, info=_LABEL + head).derive(self._master))


def _packed(ticket: Ticket) -> _Packed:
    session = ticket.session
    return _Packed(
        ticket.access_key,
        ticket.secret,
        ticket.account,
        ticket.user,
        ticket.role,
        ticket.path,
        ticket.id,
        ticket.parent,
        session.issued,
        session.expires - session.issued,
        session.name,
        session.provider,
        session.source_identity,
        session.policies,
        session.policy_arns,
        session.grants,
        session.tags,
        session.transitive,
        session.claims,
    )


def _ticket(packed: _Packed) -> Ticket:
    session = Session(
        packed.issued,
        packed.issued + packed.lasts,
        packed.name,
        packed.policies,
        packed.policy_arns,
        packed.grants,
        packed.tags,
        packed.claims,
        packed.provider,
        packed.source_identity,
        packed.transitive,
    )
    return Ticket(
        packed.access_key,
        packed.secret,
        packed.account,
        session,
        packed.user,
        packed.role,
        packed.path,
        packed.id,
        packed.parent,
    )


def _decoded(token: str) -> bytes:
    if len(token) > LONGEST or not token.isascii():
        return b""
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _deflated(content: bytes) -> bytes:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=_WORDS)
    return squeezer.compress(content) + squeezer.flush()


def _inflated(content: bytes) -> bytes:
    return zlib.decompressobj(-zlib.MAX_WBITS, zdict=_WORDS).decompress(content)
