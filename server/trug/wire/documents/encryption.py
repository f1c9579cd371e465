"""The bodies of PutBucketEncryption, GetBucketEncryption and UpdateObjectEncryption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trug.domain.encryption import FULL_KEY_ARN, KINDS, KMS_KINDS, SSE_C, SSE_KMS, BucketEncryption, Managed
from trug.domain.errors import ErrorCode, S3Error
from trug.wire import xml

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

LIMIT = 64 * 1024
RULE = ("ApplyServerSideEncryptionByDefault", "BucketKeyEnabled", "BlockedEncryptionTypes")
DEFAULT = frozenset({"SSEAlgorithm", "KMSMasterKeyID"})
BOOLEANS = {"true": True, "false": False}
NO_KINDS = "NONE"

# PutBucketEncryption and GetBucketEncryption


def parse_bucket_encryption(body: bytes) -> BucketEncryption:
    """What a ``ServerSideEncryptionConfiguration`` sets: it has one rule.

    MalformedXML; InvalidArgument for a KMS key beside SSE-S3. Whether the key exists is looked at when it is used, as
    PutBucketEncryption says.
    """
    root = xml.parse(body, "ServerSideEncryptionConfiguration", limit=LIMIT)
    xml.check_children(root, ("Rule",))
    rule = xml.only(root, "Rule")
    if rule is None:
        raise xml.malformed()
    xml.check_children(rule, RULE)
    bucket_key = _boolean(xml.text_of(rule, "BucketKeyEnabled"))
    default, blocked = (xml.only(rule, name) for name in (RULE[0], RULE[2]))
    return BucketEncryption(
        default=None if default is None else _default(default, bucket_key=bucket_key),
        blocked=None if blocked is None else _blocked(blocked),
    )


def bucket_encryption_content(configuration: BucketEncryption) -> str:
    """The content of the document that says so."""
    default, applied = configuration.default, ""
    if default is not None:
        applied = (
            f"<ApplyServerSideEncryptionByDefault><SSEAlgorithm>{default.kind}</SSEAlgorithm>"
            f"{xml.element('KMSMasterKeyID', default.key or None)}</ApplyServerSideEncryptionByDefault>"
        )
        applied += f"<BucketKeyEnabled>{'true' if default.bucket_key else 'false'}</BucketKeyEnabled>"
    kinds = "".join(xml.element("EncryptionType", kind) for kind in configuration.blocked or (NO_KINDS,))
    blocked = "" if configuration.blocked is None else f"<BlockedEncryptionTypes>{kinds}</BlockedEncryptionTypes>"
    return f"<Rule>{applied}{blocked}</Rule>"


def _default(found: Element, *, bucket_key: bool) -> Managed:
    fields = xml.texts(found, DEFAULT)
    kind, key = fields.get("SSEAlgorithm", ""), fields.get("KMSMasterKeyID", "")
    if kind not in KINDS:
        raise xml.malformed()
    if key and kind not in KMS_KINDS:
        raise S3Error(
            ErrorCode.InvalidArgument,
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
            fields={"ArgumentName": "ApplyServerSideEncryptionByDefault"},
        )
    return Managed(kind, key, bucket_key=bucket_key)


def _blocked(found: Element) -> tuple[str, ...]:
    """SSE-C alone can be blocked; NONE stands for nothing, and by itself."""
    xml.check_children(found, ("EncryptionType",))
    kinds = [child.text or "" for child in found]
    if kinds == [NO_KINDS]:
        return ()
    if kinds != [SSE_C]:
        raise xml.malformed()
    return (SSE_C,)


def _boolean(text: str | None) -> bool:
    if text is None:
        return False
    if text.strip() not in BOOLEANS:
        raise xml.malformed()
    return BOOLEANS[text.strip()]


# UpdateObjectEncryption

NO_TYPE = (
    "Requests that modify an object encryption configuration require a valid new encryption type. Valid values are "
    "SSEKMS. Modify the request to specify SSE-KMS for the updated encryption type, and then try again."
)
UNFIT_TYPE = (
    "The UpdateObjectEncryption operation doesn't support updating the encryption type to DSSE-KMS or SSE-C. Modify "
    "the request to specify SSE-KMS for the updated encryption type, and then try again."
)
NO_ARN = (
    "Requests that modify an object's encryption type to SSE-KMS require an Amazon Web Services KMS key Amazon "
    "Resource Name (ARN). Modify the request to specify a KMS key ARN, and then try again."
)
UNFIT_ARN = (
    "Requests that modify an object's encryption type to SSE-KMS require a valid Amazon Web Services KMS key Amazon "
    "Resource Name (ARN). Confirm that you have a correctly formatted KMS key ARN in your request, and then try again."
)
UNFIT_BUCKET_KEY = (
    "The BucketKeyEnabled value isn't valid. Valid values are true or false. Modify the request to specify a valid "
    "value, and then try again."
)
OTHER_TYPES = frozenset({"DSSE-KMS", SSE_C})
FIELDS = frozenset({"KMSKeyArn", "BucketKeyEnabled"})


def parse_object_encryption(body: bytes) -> Managed:
    """The encryption that an ``ObjectEncryption`` asks for: SSE-KMS under a key that is named by its ARN.

    InvalidRequest in the words of UpdateObjectEncryption's page.
    """
    root = xml.parse(body, "ObjectEncryption", limit=LIMIT)
    names = {xml.name_of(child) for child in root}
    if names & OTHER_TYPES:
        raise S3Error(ErrorCode.InvalidRequest, UNFIT_TYPE)
    asked = xml.only(root, "SSE-KMS")
    if asked is None:
        raise S3Error(ErrorCode.InvalidRequest, NO_TYPE)
    fields = xml.texts(asked, FIELDS)
    arn, bucket_key = fields.get("KMSKeyArn", ""), fields.get("BucketKeyEnabled", "false").strip()
    if not arn:
        raise S3Error(ErrorCode.InvalidRequest, NO_ARN)
    if not FULL_KEY_ARN.match(arn):
        raise S3Error(ErrorCode.InvalidRequest, UNFIT_ARN)
    if bucket_key not in BOOLEANS:
        raise S3Error(ErrorCode.InvalidRequest, UNFIT_BUCKET_KEY)
    return Managed(SSE_KMS, arn, bucket_key=BOOLEANS[bucket_key])
