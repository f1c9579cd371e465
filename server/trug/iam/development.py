"""The issuer that ``--dev`` brings along: it signs ID tokens for anybody, so that what needs one can be tried."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from hashlib import sha256
from typing import Any

from trug.domain.identity import Account, Identity
from trug.iam.entities import Provider
from trug.iam.oidc import SECOND, Issuers, Trusted, issuer_of
from trug.iam.sts.federation import POLICY_CLAIM, Vouched, session_of
from trug.ports.keys import Clock
from trug.ports.stores import Unavailable

CLIENT = "trug-dev"
POLICIES = "policy"
"""The claim that lists the policies of who comes with a token."""
DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/keys"
LONGEST_LIFE = 7 * 86_400
LONGEST_SUBJECT = 255

Bearer = Callable[[str], Awaitable[Identity]]


class DevelopmentIssuer:
    """Signs and verifies tokens of ``http://127.0.0.1:PORT/dev``; ``private`` gives its key as PEM.

    What it publishes is served under ``/dev`` of the management port, and verified by the way of any other issuer's.
    """

    def __init__(self, private: Callable[[], bytes], clock: Clock, port: int) -> None:
        self._private = private
        self._clock = clock
        self._issuers = Issuers(self, clock)
        self._port = port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/dev"

    def listens_on(self, port: int) -> None:
        """Have the management port's real number, where it was to be a free one."""
        self._port = port

    @cached_property
    def _pem(self) -> bytes:
        return self._private()

    @cached_property
    def documents(self) -> Mapping[str, Mapping[str, Any]]:
        """What it publishes, by path below its URL."""
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        from jwt.algorithms import ECAlgorithm

        key: Any = load_pem_private_key(self._pem, None)
        public = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        return {
            DISCOVERY: {
                "issuer": self.url,
                "jwks_uri": self.url + KEYS,
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
            },
            KEYS: {"keys": [{**public, "kid": self._key_id, "use": "sig", "alg": "ES256"}]},
        }

    @cached_property
    def _key_id(self) -> str:
        return sha256(self._pem).hexdigest()[:16]

    def token(self, subject: str, *, seconds: int, claims: Mapping[str, Any]) -> str:
        """An ID token for this subject. ValueError for a subject or a time that no token has."""
        import jwt

        if not 1 <= len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
            raise ValueError(f"a subject has 1 to {LONGEST_SUBJECT} printable characters")
        if not 1 <= seconds <= LONGEST_LIFE:
            raise ValueError(f"a token lives 1 to {LONGEST_LIFE} seconds")
        now = self._clock.now() // SECOND
        own = {"iss": self.url, "sub": subject, "aud": CLIENT, "iat": now, "exp": now + seconds}
        return jwt.encode(
            {**claims, **own, "jti": secrets.token_hex(8), "token_use": "id"},
            self._pem.decode(),
            algorithm="ES256",
            headers={"kid": self._key_id},
        )

    async def fetch(self, url: str, *, most: int) -> bytes:
        """Implements ``ports.fetching.Fetcher`` for its own documents."""
        document = self.documents.get(url.removeprefix(self.url))
        if document is None:
            raise Unavailable(f"{url} is no document of the development issuer")
        return json.dumps(document).encode()

    async def verify_bearer(self, account: Account, token: str) -> Identity:
        """Who comes with a token of this issuer. TokenRefused."""
        bare = self.url.removeprefix("http://")
        claims = await self._issuers.verify(token, Trusted(bare, (CLIENT,)))
        provider = Provider(account.id, bare, (CLIENT,), (), 0, ((POLICY_CLAIM, POLICIES),))
        session = session_of(Vouched(provider, claims), self._clock.now(), claims.expires)
        return Identity(account, session=session)

    def beside(self, account: Account, others: Bearer) -> Bearer:
        """Verifies tokens of this issuer, and has those of others verified by them."""

        async def verify(token: str) -> Identity:
            if issuer_of(token) == self.url:
                return await self.verify_bearer(account, token)
            return await others(token)

        return verify
