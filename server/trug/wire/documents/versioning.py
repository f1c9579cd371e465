"""The body of PutBucketVersioning."""

from __future__ import annotations

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.versioning import Versioning
from trug.wire import xml

LIMIT = 64 * 1024
FIELDS = frozenset({"Status", "MfaDelete"})
STATES = {state.value: state for state in (Versioning.ENABLED, Versioning.SUSPENDED)}
MFA_STATES = frozenset({"Enabled", "Disabled"})


def parse_versioning(body: bytes) -> Versioning:
    """The state that a ``VersioningConfiguration`` asks for: ENABLED or SUSPENDED.

    IllegalVersioningConfigurationException when it names none, NotImplemented when it asks for MFA delete.
    """
    found = xml.texts(xml.parse(body, "VersioningConfiguration", limit=LIMIT), FIELDS)
    if found.get("MfaDelete", "Disabled") not in MFA_STATES:
        raise xml.malformed()
    if found.get("MfaDelete") == "Enabled":
        raise S3Error(ErrorCode.NotImplemented, "MFA delete is not implemented.")
    if "Status" not in found:
        raise S3Error(ErrorCode.IllegalVersioningConfigurationException)
    if found["Status"] not in STATES:
        raise xml.malformed()
    return STATES[found["Status"]]
