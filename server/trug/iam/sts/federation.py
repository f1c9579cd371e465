"""Whom tokens of OpenID Connect stand for, by the providers that an account trusts."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from trug.domain.identity import Account, Identity, Session
from trug.iam.entities import Provider
from trug.iam.oidc import Claims, Fault, Issuers, TokenRefused, Trusted, address_of, issuer_of
from trug.iam.providers import Providers
from trug.ports.keys import Clock

POLICY_CLAIM = "trug:policy-claim"
"""The tag of a provider that names the claim of its tokens which lists the managed policies of who has no role."""
MOST_GRANTS = 10
UNNAMED = re.compile(r"[^A-Za-z0-9_+=,.@-]+")
LONGEST_NAME = 47


class Vouched(NamedTuple):
    """A token that was verified: the provider that vouches for it, and what it says."""

    provider: Provider
    claims: Claims


class Federation:
    """Verifies tokens against the OIDC providers of an account, and says who somebody is that comes with one."""

    def __init__(self, providers: Providers, issuers: Issuers, clock: Clock) -> None:
        self._providers = providers
        self._issuers = issuers
        self._clock = clock

    async def verify(self, account: str, token: str) -> Vouched:
        """What a token says that a provider of the account has signed. TokenRefused."""
        issuer = issuer_of(token)
        provider = await self._providers.find(account, issuer)
        if provider is None or issuer.rstrip("/") != address_of(provider.url):
            raise TokenRefused(Fault.INVALID, f"No OpenIDConnect provider found in your account for {issuer}")
        claims = await self._issuers.verify(token, Trusted(provider.url, provider.client_ids))
        return Vouched(provider, claims)

    async def verify_bearer(self, account: Account, token: str) -> Identity:
        """Who comes with ``Authorization: Bearer`` and this token, until it expires: somebody without a role, who may
        what the policies allow that the token's claim names. TokenRefused."""
        vouched = await self.verify(account.id, token)
        session = session_of(vouched, self._clock.now(), vouched.claims.expires)
        return Identity(account, session=session)


def session_of(vouched: Vouched, issued: int, expires: int) -> Session:
    """The session of somebody without a role."""
    provider, claims = vouched
    return Session(
        issued,
        expires,
        name=name_of(claims),
        grants=granted(vouched),
        claims=claims.for_sessions,
        provider=provider.arn,
    )


def granted(vouched: Vouched) -> tuple[str, ...]:
    """The names of policies in the claim that the provider's tag names: a list, or one text with commas. TokenRefused
    for more than ten."""
    claim = dict(vouched.provider.tags).get(POLICY_CLAIM, "")
    texts = vouched.claims.of(claim) if claim else ()
    names = tuple(dict.fromkeys(name.strip() for text in texts for name in text.split(",") if name.strip()))
    if len(names) > MOST_GRANTS:
        raise TokenRefused(Fault.REJECTED, f"The claim {claim} names more than {MOST_GRANTS} policies.")
    return names


def name_of(claims: Claims) -> str:
    """What somebody is called in ARNs, who has no role: the token's subject as far as names go, and a digest of issuer
    and subject, so that no two are called the same."""
    digest = hashlib.sha256(f"{claims.issuer}\0{claims.subject}".encode()).hexdigest()[:16]
    return f"{UNNAMED.sub('-', claims.subject)[:LONGEST_NAME]}-{digest}"
