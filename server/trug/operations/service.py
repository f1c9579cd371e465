"""ListBuckets."""

from __future__ import annotations

from trug.access import actions
from trug.domain.frozen import frozen
from trug.operations import tokens
from trug.operations.call import Call
from trug.operations.operation import Family
from trug.operations.representation import document, owner_element
from trug.ports.rows import Bucket
from trug.wire.dates import iso_date
from trug.wire.query import integer
from trug.wire.reply import Reply
from trug.wire.request import Incoming
from trug.wire.xml import element

family = Family()

PAGE = 10_000
PARAMETERS = frozenset({"prefix", "max-buckets", "bucket-region", tokens.PARAMETER})


@frozen
class ListBuckets:
    prefix: str | None
    after: str
    limit: int
    region: str
    shows_region: bool
    """As AWS: only where the request has a parameter at all."""

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> ListBuckets:
        parameters = incoming.parameters
        token = parameters.get(tokens.PARAMETER)
        return cls(
            prefix=parameters.get("prefix"),
            after=tokens.continued(token) if token else "",
            limit=integer(parameters, "max-buckets", default=PAGE, low=1, high=PAGE),
            region=parameters.get("bucket-region", ""),
            shows_region=not PARAMETERS.isdisjoint(parameters),
        )


@family.operation("ListBuckets", "GET /", action=actions.LIST_ALL_MY_BUCKETS, request=ListBuckets)
async def list_buckets(call: Call, request: ListBuckets) -> Reply:
    page, following = await call.engine.buckets.page(
        call.account.id, prefix=request.prefix or "", after=request.after, limit=request.limit, region=request.region
    )
    buckets = "".join([_bucket(bucket, shows_region=request.shows_region) for bucket in page])
    token = None if following is None else tokens.continuation(following)
    return document(
        "ListAllMyBucketsResult",
        f"{owner_element(call.account)}<Buckets>{buckets}</Buckets>"
        f"{element('ContinuationToken', token)}{element('Prefix', request.prefix)}",
    )


def _bucket(bucket: Bucket, *, shows_region: bool) -> str:
    region = element("BucketRegion", bucket.region) if shows_region else ""
    return f"<Bucket><Name>{bucket.name}</Name><CreationDate>{iso_date(bucket.created)}</CreationDate>{region}</Bucket>"
