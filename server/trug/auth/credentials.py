"""Whose key a request was signed with: a lasting one, or that of a session, whose token the request carries."""

from __future__ import annotations

from trug.auth import refusals
from trug.domain.errors import S3Error
from trug.ports.keys import Clock, Credential, CredentialStore, Lapse
from trug.wire.request import WireRequest

TOKEN = "x-amz-security-token"
IN_QUERY = ("X-Amz-Security-Token", TOKEN)


def token_of(wire: WireRequest) -> str | None:
    """The session token in the header or in the query; InvalidToken when there are two."""
    parameters, header = wire.parameters, wire.headers.get(TOKEN)
    if header is None and IN_QUERY[0] not in parameters and IN_QUERY[1] not in parameters:
        return None
    sent = {parameters[name] for name in IN_QUERY if name in parameters}
    if header is not None:
        sent.add(header)
    if len(sent) > 1:
        raise refusals.bad_token()
    return sent.pop()


async def credential_of(store: CredentialStore, clock: Clock, access_key: str, token: str | None) -> Credential:
    """The key of this id. InvalidAccessKeyId, InvalidToken, ExpiredToken, AccessDenied."""
    if token is None:
        lasting = store.known(access_key) or await store.find(access_key)
        if lasting is None:
            raise refusals.unknown_key(access_key)
        return lasting
    found = store.known_session(access_key, token) or await store.find_session(access_key, token)
    if isinstance(found, Lapse):
        raise lapsed(found, access_key)
    session = found.identity.session
    if session is None or session.expires <= clock.now():
        raise refusals.token_expired()
    return found


def lapsed(lapse: Lapse, access_key: str) -> S3Error:
    if lapse is Lapse.UNREADABLE:
        return refusals.bad_token()
    return refusals.session_revoked() if lapse is Lapse.REVOKED else refusals.unknown_key(access_key)
