"""OpenID Connect: whether a token is what its issuer said, and said to us."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

import msgspec

from trug.domain.bounded import Bounded
from trug.domain.frozen import frozen
from trug.ports.fetching import Fetcher
from trug.ports.keys import Clock
from trug.ports.stores import Unavailable

if TYPE_CHECKING:
    from jwt import PyJWK

SECOND = 1_000_000
LEEWAY = 60 * SECOND
"""How far the clock of an issuer may be ahead of ours, in µs. For the end of a token there is none."""
FRESH = 3600 * SECOND
"""How long an issuer's keys are used before they are fetched again."""
STALE = 6 * FRESH
"""How long they are used where the issuer does not answer."""
PATIENCE = 30 * SECOND
"""How long nothing is fetched from an issuer again: neither for a key that it has not, nor after a failure."""
LONGEST_TOKEN = 20_000
LARGEST_DOCUMENT = 64 * 1024
LARGEST_KEY_SET = 256 * 1024
LONGEST_MODULUS = 1400
"""Characters of base64: 8,192 bits."""
MOST_KEYS = 100
MOST_ISSUERS = 256
MOST_CLAIMS = 64
MOST_VALUES = 100
LONGEST_VALUE = 512
DEEPEST = 4

ALGORITHMS = {"RS256": ("RSA", None), "PS256": ("RSA", None), "ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519")}
"""The algorithms that are accepted, each with the type and the curve of the keys that it is for."""
TYPES = frozenset({"", "jwt", "at+jwt", "application/jwt", "application/at+jwt"})
OF_NO_PERSON = frozenset({"exp", "iat", "nbf", "auth_time", "jti", "nonce", "at_hash", "c_hash", "sid", "session"})
"""Claims that no policy asks for."""
NOT_TO_LOG_IN = frozenset({"refresh", "offline", "logout"})
USES = frozenset({"id", "access"})


class Fault(Enum):
    """What is wrong with a token."""

    INVALID = "invalid"
    EXPIRED = "expired"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"


class TokenRefused(Exception):
    """A token that says nothing; the text is for whoever sent it."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


@frozen
class Trusted:
    """An issuer that somebody trusts: its URL without ``https://``, and the clients that its tokens may be for."""

    url: str
    client_ids: tuple[str, ...]


@frozen
class Claims:
    """What a verified token says: by whom (without scheme), about whom, for which client, until when (µs); ``values``
    are all its claims by name, nested names joined by slashes."""

    issuer: str
    subject: str
    audience: str
    expires: int
    values: tuple[tuple[str, tuple[str, ...]], ...]

    def of(self, name: str) -> tuple[str, ...]:
        """The values of a claim; none when it is absent."""
        return next((values for known, values in self.values if known == name), ())

    @property
    def for_sessions(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The claims as condition keys of any issuer: ``jwt:sub``, lower-case."""
        return tuple((f"jwt:{name}".lower(), values) for name, values in self.values)

    @property
    def for_trust(self) -> dict[str, tuple[str, ...]]:
        """The claims as condition keys in trust policies: ``issuer:sub`` and ``jwt:sub``, lower-case."""
        own = {f"{self.issuer}:{name}".lower(): values for name, values in self.values}
        own[f"{self.issuer}:aud".lower()] = (self.audience,)
        return own | dict(self.for_sessions)


def issuer_of(token: str) -> str:
    """Who a token, not yet verified, says that it is from. TokenRefused."""
    return _text(_unverified(token)[1], "iss")


class Issuers:
    """Verifies tokens by the keys that their issuers publish, which are kept for an hour.

    Follows OpenID Connect Core 1.0, "ID Token Validation", and OpenID Connect Discovery 1.0.
    """

    def __init__(self, fetcher: Fetcher, clock: Clock) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._published: Bounded[str, _Published] = Bounded(MOST_ISSUERS)

    async def verify(self, token: str, trusted: Trusted) -> Claims:
        """The claims of a token that ``trusted`` signed, for one of its clients, and that is in force. TokenRefused."""
        header, _ = _unverified(token)
        algorithm, key_id = _checked(header)
        published = self._published.get(trusted.url)
        if published is None:
            published = _Published(self._fetcher, self._clock, trusted.url)
            self._published.keep(trusted.url, published)
        key = await published.key(algorithm, key_id)
        return checked_claims(_payload(token, key, algorithm), trusted, self._clock.now())


class _Published:
    """What an issuer publishes: its keys, fetched when they are needed, and not again and again."""

    def __init__(self, fetcher: Fetcher, clock: Clock, url: str) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._url = url
        self._keys: tuple[Mapping[str, Any], ...] = ()
        self._made: dict[tuple[str, int], PyJWK] = {}
        self._fetched = 0
        self._tried = -PATIENCE
        self._fetching = asyncio.Lock()

    async def key(self, algorithm: str, key_id: str | None) -> PyJWK:
        """The key that a token names. TokenRefused when there is none."""
        found = self._find(algorithm, key_id) if self._clock.now() - self._fetched < FRESH else None
        if found is None:
            await self._refresh(algorithm, key_id)
            found = self._find(algorithm, key_id)
        if found is None:
            raise _invalid("No OpenIDConnect provider's key was found for the token.")
        return self._made_of(found, algorithm)

    async def _refresh(self, algorithm: str, key_id: str | None) -> None:
        """Fetch the keys, one at a time and not sooner than allowed. TokenRefused when there are none to go by."""
        async with self._fetching:
            now = self._clock.now()
            if now - self._tried < PATIENCE:
                self._check_age(now)
                return
            self._tried = now
            try:
                keys = await fetched_keys(self._fetcher, self._url)
            except Unavailable as error:
                self._check_age(now, error)
                return
            self._keys, self._made, self._fetched = keys, {}, now

    def _check_age(self, now: int, error: Exception | None = None) -> None:
        if not self._keys or now - self._fetched > STALE:
            raise TokenRefused(
                Fault.UNREACHABLE, "Couldn't retrieve verification key from your identity provider."
            ) from error

    def _find(self, algorithm: str, key_id: str | None) -> int | None:
        """Which key: the one of this id, or without an id the only one that fits."""
        fitting = [
            number
            for number, key in enumerate(self._keys)
            if _fits(key, algorithm) and (key_id is None or key.get("kid") == key_id)
        ]
        return fitting[0] if len(fitting) == 1 else None

    def _made_of(self, number: int, algorithm: str) -> PyJWK:
        place = (algorithm, number)
        if place not in self._made:
            from jwt import PyJWK
            from jwt.exceptions import PyJWTError

            try:
                self._made[place] = PyJWK(dict(self._keys[number]), algorithm)
            except (PyJWTError, ValueError, TypeError) as error:
                raise _invalid("The identity provider's key is none.") from error
        return self._made[place]


# --- what issuers publish -------------------------------------------------------------------------------------------


async def fetched_keys(fetcher: Fetcher, url: str) -> tuple[Mapping[str, Any], ...]:
    """The keys of the issuer at ``url`` (without ``https://``). Unavailable when it publishes none."""
    address = address_of(url)
    document = _object(await fetcher.fetch(f"{address}/.well-known/openid-configuration", most=LARGEST_DOCUMENT))
    place = document.get("jwks_uri")
    if document.get("issuer") not in (address, f"{address}/") or not isinstance(place, str):
        raise Unavailable(f"{url} publishes the configuration of another issuer, or one without keys")
    if not place.startswith("https://") and not (address.startswith("http://") and place.startswith("http://")):
        raise Unavailable(f"{url} publishes its keys over plain HTTP")
    keys = _object(await fetcher.fetch(place, most=LARGEST_KEY_SET)).get("keys")
    if not isinstance(keys, list) or len(keys) > MOST_KEYS:
        raise Unavailable(f"{url} publishes no set of keys")
    return tuple(key for key in keys if isinstance(key, dict))


LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def address_of(url: str) -> str:
    """The issuer's URL with its scheme, which is HTTPS but on this machine."""
    host = url.partition("/")[0]
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return f"{'http' if name in LOOPBACK else 'https'}://{url}"


def _object(document: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(document)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unavailable("the issuer publishes no JSON") from error
    if not isinstance(found, dict):
        raise Unavailable("the issuer publishes no JSON object")
    return found


def _fits(key: Mapping[str, Any], algorithm: str) -> bool:
    """Whether a key is one to verify signatures of this algorithm with: by its own type, use and algorithm."""
    kind, curve = ALGORITHMS[algorithm]
    operations = key.get("key_ops", ["verify"])
    return (
        key.get("kty") == kind
        and (curve is None or key.get("crv") == curve)
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and isinstance(operations, list)
        and "verify" in operations
        and len(str(key.get("n", ""))) <= LONGEST_MODULUS
    )


# --- what tokens say ------------------------------------------------------------------------------------------------


def _unverified(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims of a token, as nobody has proved them yet. TokenRefused for what is no token."""
    import jwt

    if len(token) > LONGEST_TOKEN or not token.isascii():
        raise _malformed()
    try:
        parts = jwt.PyJWS().decode_complete(token, options={"verify_signature": False})
        claims = msgspec.json.decode(parts["payload"])
    except (jwt.PyJWTError, msgspec.DecodeError, ValueError, RecursionError) as error:
        raise _malformed() from error
    if not isinstance(claims, dict):
        raise _malformed()
    return parts["header"], claims


def _checked(header: Mapping[str, Any]) -> tuple[str, str | None]:
    """Algorithm and id of the key. TokenRefused."""
    algorithm, key_id, kind = header.get("alg"), header.get("kid"), header.get("typ", "")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise _invalid("The token is signed with an algorithm that is not supported.")
    if "crit" in header or not isinstance(kind, str) or kind.lower() not in TYPES:
        raise _invalid("The token is of a kind that is not supported.")
    if key_id is not None and not isinstance(key_id, str):
        raise _malformed()
    return algorithm, key_id


def _payload(token: str, key: PyJWK, algorithm: str) -> Mapping[str, Any]:
    """The claims of a token whose signature holds. TokenRefused."""
    import jwt

    verifier = jwt.PyJWS(algorithms=[algorithm], options={"enforce_minimum_key_length": True})
    try:
        claims = msgspec.json.decode(verifier.decode_complete(token, key, algorithms=[algorithm])["payload"])
    except (jwt.PyJWTError, msgspec.DecodeError, ValueError, RecursionError) as error:
        raise _invalid("The token's signature is invalid.") from error
    if not isinstance(claims, dict):
        raise _malformed()
    return claims


def checked_claims(claims: Mapping[str, Any], trusted: Trusted, now: int) -> Claims:
    """The claims, when they are of this issuer, for one of its clients and in force at ``now`` (µs). TokenRefused."""
    address = address_of(trusted.url)
    if _text(claims, "iss") not in (address, f"{address}/"):
        raise _invalid("The token is of another issuer.")
    expires = _time(claims, "exp")
    if expires is None:
        raise _invalid("The token never expires.")
    if now >= expires:
        raise TokenRefused(Fault.EXPIRED, "Token expired.")
    if any((_time(claims, name) or 0) > now + LEEWAY for name in ("nbf", "iat")):
        raise _invalid("The token is not valid yet.")
    kinds = {str(claims.get("typ", "")).lower()}
    if kinds & NOT_TO_LOG_IN or claims.get("token_use", "id") not in USES:
        raise _invalid("The token is of a kind that is not supported.")
    audience = client_of(claims, trusted.client_ids)
    return Claims(trusted.url, _text(claims, "sub"), audience, expires, tuple(_flattened(claims)))


def client_of(claims: Mapping[str, Any], clients: Sequence[str]) -> str:
    """The client that a token is for: ``aud``, or ``azp`` where it has one; ``client_id`` in access tokens without
    both, as Cognito's. TokenRefused when it is none of ``clients``; of a token for several, ``azp`` must be one."""
    listed = claims.get("aud", [])
    audiences = listed if isinstance(listed, list) else [listed]
    party = claims.get("azp")
    if not audiences and party is None and claims.get("token_use") == "access":
        party = claims.get("client_id")
    if isinstance(party, str) and party in clients:
        return party
    named = [client for client in audiences if isinstance(client, str) and client in clients]
    if not named or (party is not None and len(audiences) > 1):
        raise _invalid("Incorrect token audience")
    return named[0]


def _flattened(claims: Mapping[str, Any]) -> Iterable[tuple[str, tuple[str, ...]]]:
    """All claims that policies may ask for, by name. TokenRefused for more of them than anybody needs."""
    found = [pair for name, value in claims.items() if name not in OF_NO_PERSON for pair in _leaves(name, value, 1)]
    if len(found) > MOST_CLAIMS:
        raise _invalid("The token has too many claims.")
    if len({name.lower() for name, _ in found}) < len(found):
        raise _invalid("The token has claims whose names differ in case alone, which policies cannot tell apart.")
    return found


def _leaves(name: str, value: Any, depth: int) -> Iterable[tuple[str, tuple[str, ...]]]:
    if isinstance(value, dict):
        if depth < DEEPEST:
            for inner, content in value.items():
                yield from _leaves(f"{name}/{inner}", content, depth + 1)
        return
    texts = tuple(_spelled(item) for item in (value if isinstance(value, list) else [value]) if _is_plain(item))
    if len(texts) > MOST_VALUES or any(len(text) > LONGEST_VALUE for text in (name, *texts)):
        raise _invalid(f"The claim {name[:LONGEST_VALUE]} is too long.")
    if texts:
        yield name, texts


def _is_plain(value: Any) -> bool:
    return isinstance(value, (str, int, float))


def _spelled(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value or len(value) > LONGEST_VALUE:
        raise _invalid(f"The token has no claim {name}.")
    return value


def _time(claims: Mapping[str, Any], name: str) -> int | None:
    """A NumericDate in µs. TokenRefused for what is none."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _invalid(f"The claim {name} is no time.")
    if not 0 < value < 1 << 40:
        raise _invalid(f"The claim {name} is no time.")
    return int(value * SECOND)


def _invalid(text: str) -> TokenRefused:
    return TokenRefused(Fault.INVALID, text)


def _malformed() -> TokenRefused:
    return _invalid("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
