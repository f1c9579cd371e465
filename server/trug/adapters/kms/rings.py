"""Key rings: named keys with versions, and what both of them do with them."""

from __future__ import annotations

from struct import Struct

from trug.domain.encryption import AWS_MANAGED, KEY_NAME, OWN_KEY, canonical_context, key_name
from trug.domain.wrapping import Unopened, unwrap, wrap
from trug.ports.key_management import Context, UnknownKey
from trug.ports.stores import Damaged

HEADER = Struct("<BI")
FORMAT = 1

MADE_WHEN_NEEDED = frozenset({OWN_KEY, key_name(AWS_MANAGED)})
"""Keys that nobody creates: SSE-S3's own, and the one of AWS's name that SSE-KMS uses where none is named."""


def wrapped_under(key: bytes, version: int, secret: bytes, context: Context) -> bytes:
    """``secret`` under this version of a key, which the result tells."""
    return HEADER.pack(FORMAT, version) + wrap(key, secret, canonical_context(context).encode())


def version_of(wrapped: bytes) -> int:
    """Which version of its key something was wrapped under. Damaged when it cannot be told."""
    if len(wrapped) <= HEADER.size or wrapped[0] != FORMAT:
        raise Damaged("a wrapped key has a format that this version does not know")
    _, version = HEADER.unpack_from(wrapped)
    return int(version)


def unwrapped(key: bytes, wrapped: bytes, context: Context) -> bytes:
    """What was wrapped under this key. Damaged."""
    try:
        return unwrap(key, wrapped[HEADER.size :], canonical_context(context).encode())
    except Unopened as error:
        raise Damaged("a wrapped key does not open under the key and the context that it is said to have") from error


def unknown(name: str) -> UnknownKey:
    return UnknownKey(f"there is no key {name}")


def check_new(name: str, known: object) -> None:
    """ValueError for a name that no key can be given."""
    if not KEY_NAME.match(name) or name in MADE_WHEN_NEEDED:
        raise ValueError("a key's name has 1 to 128 letters, digits and /_.-, and is none that the server uses itself")
    if known is not None:
        raise ValueError(f"there is a key {name} already")
