"""The one error of S3 and its codes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class ErrorCode(Enum):
    """An error code of S3: its name on the wire, its HTTP status and its usual message.

    Codes, statuses and texts follow "Error responses" in the Amazon S3 API reference.
    """

    status: int
    message: str

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message

    AccessDenied = 403, "Access Denied"
    AccessForbidden = 403, "CORSResponse: CORS is not enabled for this bucket."
    AccessControlListNotSupported = 400, "The bucket does not allow ACLs"
    AnnotationLimitExceeded = 400, "The request would exceed the maximum number of annotations allowed per object."
    AnnotationNameTooLong = 400, "The annotation name exceeds 512 bytes."
    AuthorizationHeaderMalformed = 400, "The authorization header that you provided is not valid."
    AuthorizationQueryParametersError = 400, "The authorization query parameters that you provided are not valid."
    BadDigest = 400, "The Content-MD5 you specified did not match what we received."
    BadRequest = 400, "Bad Request"
    BucketAlreadyExists = (
        409,
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
        "Please select a different name and try again.",
    )
    BucketAlreadyOwnedByYou = (
        409,
        "Your previous request to create the named bucket succeeded and you already own it.",
    )
    BucketNotEmpty = 409, "The bucket you tried to delete is not empty"
    CrossLocationLoggingProhibited = (
        403,
        "Cross-Region logging is not allowed: a bucket and its target bucket for logs must be in the same Region.",
    )
    EntityTooLarge = 400, "Your proposed upload exceeds the maximum allowed size"
    EntityTooSmall = 400, "Your proposed upload is smaller than the minimum allowed size"
    ExpectationFailed = 417, "The expectation given in the Expect header could not be met."
    ExpiredToken = 400, "The provided token has expired."
    IdempotencyParameterMismatch = (
        400,
        "Parameters on this idempotent request are inconsistent with parameters used in previous request(s).",
    )
    IdMismatch = 400, "Document ID does not match the specified configuration ID."
    IllegalLocationConstraintException = (
        400,
        "The specified location constraint is not valid for this endpoint.",
    )
    IllegalVersioningConfigurationException = 400, "The Versioning element must be specified"
    IncompleteBody = 400, "You did not provide the number of bytes specified by the Content-Length HTTP header"
    InternalError = 500, "We encountered an internal error. Please try again."
    InvalidAccessKeyId = 403, "The AWS Access Key Id you provided does not exist in our records."
    InvalidAnnotationName = 400, "The annotation name you provided is invalid."
    InvalidArgument = 400, "Invalid Argument"
    InvalidBucketAclWithBlockPublicAccessError = (
        400,
        "Bucket cannot have public ACLs set with BlockPublicAccess enabled",
    )
    InvalidBucketAclWithObjectOwnership = (
        400,
        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
    )
    InvalidBucketState = 409, "The request is not valid with the current state of the bucket."
    InvalidBucketName = 400, "The specified bucket is not valid."
    InvalidChunkSizeError = 400, "Only the last chunk is allowed to have a size less than 8192 bytes"
    InvalidDigest = 400, "The Content-MD5 you specified is not valid."
    InvalidEncryptionAlgorithmError = (
        400,
        "The Encryption request you specified is not valid. Supported value: AES256.",
    )
    InvalidLocationConstraint = 400, "The specified location-constraint is not valid"
    InvalidObjectState = 403, "The operation is not valid for the object's storage class"
    InvalidPart = (
        400,
        "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified "
        "entity tag may not match the part's entity tag.",
    )
    InvalidPartNumber = 416, "The requested partnumber is not satisfiable"
    InvalidPartOrder = (
        400,
        "The list of parts was not in ascending order. Parts must be ordered by part number.",
    )
    InvalidPolicyDocument = (
        400,
        "The content of the form does not meet the conditions specified in the policy document.",
    )
    InvalidRange = 416, "The requested range is not satisfiable"
    InvalidRedirectLocation = 400, "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."
    InvalidRequest = 400, "Invalid Request"
    InvalidS3DestinationBucket = 400, "The specified destination bucket is not valid."
    InvalidSecurity = 403, "The provided security credentials are not valid."
    InvalidStorageClass = 400, "The storage class you specified is not valid"
    InvalidTag = 400, "The tag provided was not a valid tag."
    InvalidTargetBucketForLogging = 400, "The target bucket for logging does not exist"
    InvalidToken = 400, "The provided token is malformed or otherwise invalid."
    InvalidWriteOffset = 400, "The write offset value that you specified does not match the current object size."
    InvalidURI = 400, "Couldn't parse the specified URI."
    KeyTooLongError = 400, "Your key is too long"
    vars()["KMS.DisabledException"] = 400, "The KMS key is disabled."  # Python has no syntax for AWS's names of these
    vars()["KMS.NotFoundException"] = 400, "The KMS key does not exist."
    MalformedACLError = (
        400,
        "The ACL that you provided was not well formed or did not validate against our published schema",
    )
    MalformedPOSTRequest = 400, "The body of your POST request is not well-formed multipart/form-data."
    MalformedPolicy = 400, "This policy contains invalid Json"
    MalformedTrailerError = (
        400,
        "The request contained trailing data that was not well-formed or did not conform to our published schema.",
    )
    MalformedXML = 400, "The XML you provided was not well-formed or did not validate against our published schema"
    MaxMessageLengthExceeded = 400, "Your request was too big."
    MaxPostPreDataLengthExceeded = 400, "Your POST request fields preceding the upload file were too large."
    MetadataTooLarge = 400, "Your metadata headers exceed the maximum allowed metadata size"
    MetadataConfigurationNotFound = 404, "The metadata configuration does not exist"
    MethodNotAllowed = 405, "The specified method is not allowed against this resource."
    MissingContentLength = 411, "You must provide the Content-Length HTTP header."
    MissingNamespaceHeader = (
        400,
        "A bucket name that ends with -an needs the header x-amz-bucket-namespace with the value account-regional.",
    )
    MissingRequestBodyError = 400, "Request Body is empty"
    MissingSecurityHeader = 400, "Your request was missing a required header"
    NoSuchAnnotation = 404, "The specified annotation does not exist on this object."
    NoSuchBucket = 404, "The specified bucket does not exist"
    NoSuchBucketPolicy = 404, "The bucket policy does not exist"
    NoSuchConfiguration = 404, "The specified configuration does not exist."
    NoSuchCORSConfiguration = 404, "The CORS configuration does not exist"
    NoSuchKey = 404, "The specified key does not exist."
    NoSuchLifecycleConfiguration = 404, "The lifecycle configuration does not exist"
    NoSuchObjectLockConfiguration = 404, "The specified object does not have a ObjectLock configuration"
    NoSuchPublicAccessBlockConfiguration = 404, "The public access block configuration was not found"
    NoSuchTagSet = 404, "The TagSet does not exist"
    NoSuchUpload = (
        404,
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
        "completed.",
    )
    NoSuchVersion = 404, "The specified version does not exist."
    NoSuchWebsiteConfiguration = 404, "The specified bucket does not have a website configuration"
    NotImplemented = 501, "A header you provided implies functionality that is not implemented."
    NotModified = 304, "Not Modified"
    ObjectLockConfigurationNotFoundError = 404, "Object Lock configuration does not exist for this bucket"
    OperationAborted = (
        409,
        "A conflicting conditional operation is currently in progress against this resource. Please try again.",
    )
    OwnershipControlsNotFoundError = 404, "The bucket ownership controls were not found"
    PreconditionFailed = 412, "At least one of the pre-conditions you specified did not hold"
    QuotaExceeded = 403, "The quota of the bucket or of its account leaves no room for this."
    ReplicationConfigurationNotFoundError = 404, "The replication configuration was not found"
    RestoreAlreadyInProgress = 409, "Object restore is already in progress"
    RequestHeaderSectionTooLarge = 400, "Your request header and query parameters exceed the maximum allowed size."
    RequestTimeout = (
        400,
        "Your socket connection to the server was not read from or written to within the timeout period.",
    )
    RequestTimeTooSkewed = 403, "The difference between the request time and the current time is too large."
    ServerSideEncryptionConfigurationNotFoundError = 404, "The server side encryption configuration was not found"
    ServiceUnavailable = 503, "Reduce your request rate."
    SignatureDoesNotMatch = (
        403,
        "The request signature we calculated does not match the signature you provided. Check your key and signing "
        "method.",
    )
    SlowDown = 503, "Please reduce your request rate."
    InsufficientStorage = 507, "There is not enough space to store what you sent."
    TooManyConfigurations = 400, "Too many configurations"
    TooManyParts = (
        400,
        "You have attempted to add more parts than the maximum of 10000 that are allowed for this object. You can use "
        "the CopyObject operation to copy this object to another and then add more data to the newly copied object.",
    )
    TooManyBuckets = 400, "You have attempted to create more buckets than allowed"
    UnexpectedContent = 400, "This request contains unsupported content."
    UnresolvableGrantByEmailAddress = 400, "The email address you provided does not match any account on record."
    UnsupportedMediaType = 415, "The annotation payload is not valid UTF-8 encoded text."
    UnsupportedArgument = 400, "The request contained an unsupported argument."
    XAmzContentSHA256Mismatch = 400, "The provided 'x-amz-content-sha256' header does not match what was computed."


class S3Error(Exception):
    """An answer of S3 that is not a success.

    ``fields`` are the operation's own elements inside ``<Error>`` (``BucketName``, ``Key``, ``ArgumentName`` …) in the
    order they are to be written; ``headers`` go onto the response. The cause, if any, is chained and only ever logged.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str | None = None,
        *,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.code = code
        self.message = code.message if message is None else message
        self.fields = dict(fields or {})
        self.headers = dict(headers or {})
        super().__init__(f"{code.name}: {self.message}")


def invalid_argument(message: str, name: str, value: str) -> S3Error:
    """InvalidArgument as S3 words it: with the argument's name and the value that was sent."""
    return S3Error(ErrorCode.InvalidArgument, message, fields={"ArgumentName": name, "ArgumentValue": value})
